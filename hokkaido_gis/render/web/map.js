/*
 * Draws the scene that stands in this page as JSON: Leaflet paths on one canvas, labels that keep
 * clear of one another, popups, layer switches and the search.
 *
 * Every text that comes from data is set as textContent, never as HTML.
 */
'use strict';

(() => {
  const POINT = 0;
  const LINE = 1;
  const AREA = 2;
  const DEGREES = 1e-5; // of one unit of the integer coordinates

  const MARGIN = 14; // around the fitted view [px]
  const WIDE_STAGE = 800; // from here on the fitted view keeps clear of the panels [px]
  const WHOLE_ZOOM = 16; // the closest that the fitted view comes
  const FEATURE_ZOOM = 12; // the closest that choosing a search match zooms in
  const REACH = 5; // how far from a line or point a click still counts [px]
  const LABEL_GAP = 4; // between two labels [px]
  const LABEL_LINE = 15; // height of a label's line, as in the style sheet [px]
  const MATCHES_SHOWN = 30;

  const scene = JSON.parse(document.getElementById('scene').textContent);
  const stage = document.getElementById('map');
  const legend = document.getElementById('legend');
  const tools = document.getElementById('tools');

  // ---- Data ----------------------------------------------------------------------------------

  /**
   * Turn a layer's delta-coded integers into latitude-longitude pairs.
   *
   * `xy` holds x and y steps from each vertex to the next through the whole layer, `sizes` the
   * vertices of each ring, and `rings`, `kinds` and `owners` describe each part: how many rings it
   * takes, what it is, and how many features further it belongs.
   */
  function decodeParts({xy, sizes, rings, kinds, owners}) {
    const parts = [];
    let x = 0;
    let y = 0;
    let step = 0;
    let ring = 0;
    let owner = 0;
    const readRing = (size) => {
      const vertices = new Array(size);
      for (let i = 0; i < size; i += 1) {
        x += xy[step];
        y += xy[step + 1];
        step += 2;
        vertices[i] = [y * DEGREES, x * DEGREES];
      }
      return vertices;
    };
    kinds.forEach((kind, part) => {
      owner += owners[part];
      const paths = [];
      for (let i = 0; i < rings[part]; i += 1) {
        paths.push(readRing(sizes[ring]));
        ring += 1;
      }
      parts.push({owner, kind, paths});
    });
    return parts;
  }

  /** The features of a layer, each with its parts sorted by kind; nothing is drawn yet. */
  function readFeatures(layer) {
    const features = layer.classes.map((style, row) => ({
      layer,
      row,
      symbol: layer.symbols[style],
      anchor: [layer.anchors[2 * row + 1] * DEGREES, layer.anchors[2 * row] * DEGREES],
      points: [],
      lines: [],
      areas: [],
    }));
    for (const {owner, kind, paths} of decodeParts(layer.parts)) {
      const feature = features[owner];
      if (kind === POINT) feature.points.push(paths[0][0]);
      if (kind === LINE) feature.lines.push(paths[0]);
      if (kind === AREA) feature.areas.push(paths);
    }
    return features;
  }

  function verticesOf({areas, lines, points}) {
    return [...areas.flat(2), ...lines.flat(), ...points];
  }

  // ---- Drawing -------------------------------------------------------------------------------

  // Thin lines and small points answer to clicks a little beside them. Areas do not: there a click
  // near a border would open the neighbour. (The renderer's `tolerance` knows no such difference.)
  const withReach = {
    _clickTolerance() {
      return (this.options.stroke ? this.options.weight / 2 : 0) + REACH;
    },
  };
  const Line = L.Polyline.extend(withReach);
  const Point = L.CircleMarker.extend(withReach);

  function pathsOf(feature) {
    const {symbol, areas, lines, points} = feature;
    const outline = {
      color: symbol.stroke,
      weight: symbol.width,
      stroke: symbol.width > 0,
      smoothFactor: 0.5, // More would open gaps between neighbours, which are thinned one by one.
    };
    const filled = {...outline, fill: true, fillColor: symbol.fill, fillOpacity: symbol.opacity};
    const paths = points.map((at) => new Point(at, {...filled, radius: symbol.radius}));
    if (lines.length) paths.unshift(new Line(lines, outline));
    if (areas.length) paths.unshift(L.polygon(areas, filled));
    for (const path of paths) path.feature = feature;
    return paths;
  }

  /** A bold outline over a feature, for as long as its popup is open. */
  function highlightOf({symbol, areas, lines, points}) {
    const bold = {color: '#102a43', weight: 3, fill: false, interactive: false};
    return L.featureGroup([
      ...(areas.length ? [L.polygon(areas, bold)] : []),
      ...(lines.length ? [L.polyline(lines, {...bold, weight: symbol.width + 3})] : []),
      ...points.map((at) => L.circleMarker(at, {...bold, radius: symbol.radius + 2})),
    ]);
  }

  function element(tag, className, text) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text !== undefined) node.textContent = text;
    return node;
  }

  const map = L.map(stage, {
    attributionControl: false,
    maxZoom: 19,
    preferCanvas: true,
    trackResize: false, // `onResize` below does it.
    zoomControl: false, // The page has buttons of its own.
    zoomSnap: 0.25,
  });
  L.control.scale({imperial: false, maxWidth: 120}).addTo(map);

  const layers = scene.layers.map((layer) => {
    const features = readFeatures(layer);
    const group = L.featureGroup(features.flatMap(pathsOf));
    return Object.assign(layer, {features, group, shown: layer.visible});
  });

  /** Put the visible layers on the map, and each above the one before it. */
  function drawLayers() {
    for (const {group, shown} of layers) {
      if (shown) group.addTo(map).bringToFront();
      else group.remove();
    }
    if (highlight) highlight.bringToFront();
    placeLabels();
  }

  function showLayer(layer, shown) {
    layer.shown = shown;
    legend.querySelector(`[data-layer="${layers.indexOf(layer)}"]`).checked = shown;
    if (!shown && selected && selected.layer === layer) map.closePopup();
    drawLayers();
  }

  // ---- View ----------------------------------------------------------------------------------

  let home = null; // the view that `showAll` made, while it stands

  function fitOptions() {
    const wide = stage.clientWidth >= WIDE_STAGE;
    const clearOf = (panel) => MARGIN + (wide ? panel.offsetWidth + MARGIN : 0);
    return {
      animate: false,
      paddingTopLeft: [clearOf(tools), MARGIN],
      paddingBottomRight: [clearOf(legend), MARGIN],
    };
  }

  function showAll() {
    map.fitBounds(scene.bounds, {...fitOptions(), maxZoom: WHOLE_ZOOM});
    home = {center: map.getCenter(), zoom: map.getZoom()};
  }

  function isAtHome() {
    return home && map.getZoom() === home.zoom && map.getCenter().equals(home.center);
  }

  /** Fit again after a change of size, but leave alone a view that the reader has chosen. */
  function onResize() {
    if (map.getSize().equals([stage.clientWidth, stage.clientHeight])) return;
    const refit = !home || isAtHome();
    map.invalidateSize({animate: false, pan: !refit});
    if (refit) showAll();
  }

  /** Lay the page out for paper or for the screen, with the same part of the world in view. */
  function setPrinting(printing, {bounds, legendOpen}) {
    document.documentElement.classList.toggle('printing', printing);
    legend.open = legendOpen;
    map.invalidateSize({animate: false, pan: false});
    if (bounds) map.fitBounds(bounds, {animate: false});
    else showAll();
  }

  let onScreen = null;
  window.addEventListener('beforeprint', () => {
    onScreen = {bounds: isAtHome() ? null : map.getBounds(), legendOpen: legend.open};
    setPrinting(true, {...onScreen, legendOpen: true});
  });
  window.addEventListener('afterprint', () => setPrinting(false, onScreen));

  // ---- Labels --------------------------------------------------------------------------------

  const labelPane = map.createPane('labels');
  let labels = []; // in the order in which they may take their places

  /** A function that tells the width of a label's text [px]. */
  function makeRuler() {
    const sample = labelPane.appendChild(element('span', 'map-label'));
    const pen = document.createElement('canvas').getContext('2d');
    const style = getComputedStyle(sample);
    pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    sample.remove();
    const widths = new Map();
    return (text) => {
      if (!widths.has(text)) {
        const lines = text.split('\n').map((line) => pen.measureText(line).width);
        widths.set(text, Math.ceil(Math.max(...lines)));
      }
      return widths.get(text);
    };
  }

  const widthOf = makeRuler();

  /** Extent of a feature [square degrees]: the room it offers a label. */
  function extentOf(feature) {
    const box = L.latLngBounds(verticesOf(feature));
    return (box.getEast() - box.getWest()) * (box.getNorth() - box.getSouth());
  }

  /** All labels: upper layers first, larger areas before smaller ones. */
  function makeLabels() {
    const labelsOf = ({features, labels: texts}) =>
      features
        .filter(({row}) => texts && texts[row])
        .map((feature) => ({
          feature,
          text: texts[feature.row],
          rank: extentOf(feature),
          // A point's label stands above its circle.
          rise: feature.points.length && !feature.areas.length ? feature.symbol.radius + 10 : 0,
          height: texts[feature.row].split('\n').length * LABEL_LINE,
        }))
        .sort((a, b) => b.rank - a.rank);
    return [...layers].reverse().flatMap(labelsOf);
  }

  function labelBox({feature, height, rise}, width) {
    const {x, y} = map.latLngToLayerPoint(feature.anchor);
    const left = Math.round(x - width / 2);
    const top = Math.round(y - rise - height / 2);
    return {left, top, right: left + width, bottom: top + height};
  }

  function overlap(a, b, gap) {
    return (
      a.left < b.right + gap &&
      b.left < a.right + gap &&
      a.top < b.bottom + gap / 2 &&
      b.top < a.bottom + gap / 2
    );
  }

  function drawLabel({text}, {left, top, right}) {
    const node = element('span', 'map-label', text);
    node.style.width = `${right - left}px`;
    L.DomUtil.setPosition(node, L.point(left, top));
    return node;
  }

  /** Write each label whose middle lies in view and touches none written before it. */
  function placeLabels() {
    const {x: left, y: top} = map.containerPointToLayerPoint([0, 0]);
    const size = map.getSize();
    const view = {left, top, right: left + size.x, bottom: top + size.y};
    const taken = [];
    const isFree = (box) => !taken.some((other) => overlap(box, other, LABEL_GAP));
    const nodes = [];
    for (const label of labels) {
      if (!label.feature.layer.shown) continue;
      // Measuring text is slow, so the very middle of a label must be in view and free first.
      const middle = labelBox(label, 0);
      if (!overlap(middle, view, 0) || !isFree(middle)) continue;
      const box = labelBox(label, widthOf(label.text));
      if (!isFree(box)) continue;
      taken.push(box);
      nodes.push(drawLabel(label, box));
    }
    labelPane.replaceChildren(...nodes);
    labelPane.classList.remove('zooming');
  }

  // ---- Popups --------------------------------------------------------------------------------

  let selected = null; // the feature whose popup is open
  let highlight = null;

  function describe({layer, row}) {
    const section = element('section', 'feature');
    section.tabIndex = -1; // so that the search can move the focus here
    if (layer.names) section.append(element('h2', '', layer.names[row]));
    const table = section.appendChild(element('table'));
    layer.fields.forEach((heading, i) => {
      const line = table.insertRow();
      const th = line.appendChild(element('th', '', heading));
      th.scope = 'row';
      line.appendChild(element('td', '', layer.values[i][row]));
    });
    return section;
  }

  function openPopup(feature, at) {
    const narrow = stage.clientWidth < 600;
    const popup = L.popup({
      maxWidth: Math.min(340, stage.clientWidth - 70),
      maxHeight: Math.round(stage.clientHeight * (narrow ? 0.45 : 0.6)),
      autoPanPaddingTopLeft: [MARGIN, 60],
      autoPanPaddingBottomRight: fitOptions().paddingBottomRight,
    });
    popup.setLatLng(at).setContent(describe(feature)).openOn(map);
    const button = popup.getElement().querySelector('.leaflet-popup-close-button');
    button.setAttribute('aria-label', scene.words.close); // Leaflet's own is always English.
    selected = feature;
    highlight = highlightOf(feature).addTo(map);
    popup.on('remove', () => {
      highlight.remove();
      highlight = null;
      selected = null;
    });
    return popup;
  }

  function listenToLayer({group, names, fields}) {
    if (names && matchMedia('(hover: hover)').matches) {
      group.bindTooltip(({feature}) => element('span', '', names[feature.row]), {sticky: true});
    }
    if (names || fields.length) {
      group.on('click', ({sourceTarget, latlng}) => openPopup(sourceTarget.feature, latlng));
    }
  }

  // ---- Search --------------------------------------------------------------------------------

  /** Full and half width, large and small letters are one to a searcher. */
  function fold(text) {
    return text.normalize('NFKC').toLowerCase().trim();
  }

  function findByName(candidates, query) {
    const wanted = fold(query);
    if (!wanted) return [];
    const places = candidates.map(({key}) => key.indexOf(wanted));
    const starts = candidates.filter((_, i) => places[i] === 0);
    const within = candidates.filter((_, i) => places[i] > 0);
    return [...starts, ...within];
  }

  function goTo(feature) {
    if (!feature.layer.shown) showLayer(feature.layer, true);
    const bounds = L.latLngBounds(verticesOf(feature));
    map.fitBounds(bounds.pad(0.25), {...fitOptions(), maxZoom: FEATURE_ZOOM});
    const popup = openPopup(feature, feature.anchor);
    popup.getElement().querySelector('.feature').focus({preventScroll: true});
  }

  function startSearch(box) {
    const input = box.querySelector('input');
    const list = box.querySelector('#matches');
    const status = box.querySelector('#match-count');
    const named = layers.filter(({names}) => names);
    const candidates = named.flatMap(({features, names}) =>
      features.map((feature) => ({feature, key: fold(names[feature.row])})),
    );

    const close = () => {
      list.hidden = true;
      status.hidden = true;
    };
    const choose = (feature) => {
      close();
      goTo(feature);
    };
    const entry = ({feature}) => {
      const button = element('button', '');
      button.type = 'button';
      button.append(element('span', '', feature.layer.names[feature.row]));
      if (named.length > 1) button.append(element('span', 'of', feature.layer.title));
      button.addEventListener('click', () => choose(feature));
      return button;
    };
    const update = () => {
      const matches = findByName(candidates, input.value);
      const empty = !fold(input.value);
      list.replaceChildren(...matches.slice(0, MATCHES_SHOWN).map(entry));
      list.hidden = matches.length === 0;
      status.hidden = empty;
      status.textContent = matches.length
        ? scene.words.matches.replace('{count}', matches.length)
        : scene.words.no_match;
    };
    const moveFocus = (by) => {
      if (list.hidden) update();
      const stops = [input, ...list.children];
      const next = stops.indexOf(document.activeElement) + by;
      stops[Math.max(0, Math.min(next, stops.length - 1))].focus();
    };

    input.addEventListener('input', update);
    input.addEventListener('click', update);
    box.addEventListener('keydown', (event) => {
      if (event.isComposing) return; // Enter here only ends the input of kanji.
      const act = {
        ArrowDown: () => moveFocus(1),
        ArrowUp: () => moveFocus(-1),
        Enter: () => list.firstChild && event.target === input && list.firstChild.click(),
        Escape: () => {
          input.focus();
          close();
        },
      }[event.key];
      if (!act) return;
      if (event.key !== 'Enter' || event.target === input) event.preventDefault();
      act();
    });
    stage.addEventListener('pointerdown', close);
    // The focus went into the popup, which Escape closes; it returns to where it came from.
    stage.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || !event.target.closest('.leaflet-popup')) return;
      map.closePopup();
      input.focus();
    });
  }

  // ---- Start ---------------------------------------------------------------------------------

  legend.open = matchMedia('(min-width: 600px)').matches;
  legend.addEventListener('change', ({target}) => {
    showLayer(layers[target.dataset.layer], target.checked);
  });
  document.getElementById('zoom-in').addEventListener('click', () => map.zoomIn());
  document.getElementById('zoom-out').addEventListener('click', () => map.zoomOut());
  document.getElementById('whole').addEventListener('click', showAll);

  showAll();
  labels = makeLabels();
  drawLayers();
  layers.forEach(listenToLayer);
  map.on('zoomstart', () => labelPane.classList.add('zooming'));
  map.on('moveend', placeLabels);
  new ResizeObserver(onResize).observe(stage);
  const search = document.getElementById('search');
  if (search) startSearch(search);
})();

// ---- The map and what stands around it -------------------------------------------------------------

const MARGIN = 14; // around the fitted view [px]
const WIDE_STAGE = 800; // from here on the fitted view keeps clear of the panels [px]
const WHOLE_ZOOM = 16; // the closest that the fitted view comes
const FEATURE_ZOOM = 12; // the closest that choosing a search match zooms in
const LABEL_GAP = 4; // between two labels [px]
const LABEL_LINE = 15; // height of a label's line of usual size, as in the style sheet [px]
const LABELS_SHOWN = 800;
const MATCHES_SHOWN = 30;

function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

/** Let Leaflet's pins take their picture from the style sheet, since it cannot ask for a file. */
function inlinePins() {
  const sample = document.body.appendChild(element('div', 'leaflet-default-icon-path'));
  const [, url] = getComputedStyle(sample).backgroundImage.match(/^url\("(data:.*)"\)$/) || [];
  sample.remove();
  if (!url) return;
  L.Icon.Default.imagePath = '';
  L.Icon.Default.mergeOptions({iconUrl: url, iconRetinaUrl: url, shadowUrl: ''});
}

async function loadRaster(layer) {
  const image = new Image();
  image.src = layer.image;
  await image.decode();
  layer.picture = image;
}

async function loadShapes(layer) {
  const shapes = decodeShapes(await unpack(layer.shapes));
  const {radii, symbols} = layer;
  const rowsOf = (kind) => rowsByClass(shapes, symbols.length, kind);
  const radius = radii
    ? (row) => radii[row]
    : (row) => symbols[shapes.classes[row]].radius;
  // Small discs stand above large ones.
  const points = rowsOf(POINT).flat().sort((a, b) => (radii ? radii[b] - radii[a] : 0) || a - b);
  Object.assign(layer, {shapes, radius, points, areas: rowsOf(AREA), lines: rowsOf(LINE)});
}

async function loadTable(layer) {
  const columns = decodeColumns(await unpack(layer.table));
  const column = (number) => (number === null ? null : columns[number]);
  layer.nameOf = column(layer.name);
  layer.labelOf = column(layer.label);
  layer.valuesOf = layer.values.map(column);
}

/** Draw the scene of this page on a map of Leaflet's. */
async function showScene(map) {
  const scene = JSON.parse(document.getElementById('scene').textContent);
  const {words} = scene;
  const stage = map.getContainer();
  const legend = document.getElementById('legend');
  const tools = document.getElementById('tools');
  const search = document.getElementById('search');
  const layers = scene.layers.map((layer) => Object.assign(layer, {shown: layer.visible}));
  const featureLayers = layers.filter((layer) => layer.shapes);

  stage.setAttribute('aria-busy', 'true');
  inlinePins();
  if (window.DecompressionStream === undefined) {
    stage.append(element('p', 'too-old', words.too_old));
    return;
  }
  await Promise.all(layers.map((layer) => (layer.shapes ? loadShapes(layer) : loadRaster(layer))));

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

  // ---- Features ------------------------------------------------------------------------------

  function placeOf({layer, row}) {
    const [x, y] = layer.shapes.anchors;
    return latLngOf(x[row], y[row]);
  }

  function boundsOf({layer, row}) {
    const [west, north, east, south] = layer.shapes.boxes.subarray(4 * row, 4 * row + 4);
    return L.latLngBounds(latLngOf(west, north), latLngOf(east, south));
  }

  /** A bold outline over a feature, for as long as its popup is open. */
  function highlightOf({layer, row}) {
    const {parts, kinds, rings, vertices, x, y, classes} = layer.shapes;
    const bold = {color: '#102a43', weight: 3, fill: false, interactive: false, renderer: overlay};
    const {width} = layer.symbols[classes[row]];
    const pathOf = (ring) => {
      const path = [];
      for (let v = vertices[ring]; v < vertices[ring + 1]; v += 1) path.push(latLngOf(x[v], y[v]));
      return path;
    };
    const group = L.featureGroup();
    for (let part = parts[row]; part < parts[row + 1]; part += 1) {
      const paths = [];
      for (let ring = rings[part]; ring < rings[part + 1]; ring += 1) paths.push(pathOf(ring));
      const draw = {
        [AREA]: () => L.polygon(paths, bold),
        [LINE]: () => L.polyline(paths, {...bold, weight: width + 3}),
        [POINT]: () => L.circleMarker(paths[0][0], {...bold, radius: layer.radius(row) + 2}),
      };
      group.addLayer(draw[kinds[part]]());
    }
    return group;
  }

  // ---- Labels --------------------------------------------------------------------------------

  const labelPane = map.createPane('labels');
  let labels = []; // in the order in which they may take their places

  /** A function that tells the width of a label's text in the usual size [px]. */
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
        widths.set(text, Math.max(...lines));
      }
      return widths.get(text);
    };
  }

  const widthOf = makeRuler();

  /** All labels: upper layers first, larger areas before smaller ones. */
  function makeLabels() {
    const labelsOf = (layer) => {
      const {shapes, labelOf, labelLook: look} = layer;
      const [x, y] = shapes.anchors;
      const {boxes, parts, kinds} = shapes;
      const made = [];
      for (let row = 0; labelOf && row < shapes.count; row += 1) {
        const text = labelOf(row);
        if (!text) continue;
        const box = boxes.subarray(4 * row, 4 * row + 4);
        made.push({
          layer,
          text,
          look,
          x: x[row],
          y: y[row],
          rank: (box[2] - box[0]) * (box[3] - box[1]), // the room that the feature offers
          // A point's label stands above its circle.
          rise: kinds[parts[row]] === POINT ? layer.radius(row) + 3 + (LABEL_LINE * look.size) / 2 : 0,
          height: text.split('\n').length * LABEL_LINE * look.size,
        });
      }
      return made.sort((a, b) => b.rank - a.rank);
    };
    return [...featureLayers].reverse().flatMap(labelsOf);
  }

  function overlap(a, b, gap) {
    return (
      a.left < b.right + gap &&
      b.left < a.right + gap &&
      a.top < b.bottom + gap / 2 &&
      b.top < a.bottom + gap / 2
    );
  }

  function drawLabel({text, look}, {left, top, right}) {
    const node = element('span', 'map-label', text);
    node.style.width = `${right - left}px`;
    node.style.setProperty('--size', look.size);
    node.style.setProperty('--letters', look.colour);
    node.style.setProperty('--halo', look.halo);
    L.DomUtil.setPosition(node, L.point(left, top));
    return node;
  }

  /** Write each label whose middle lies in view and touches none written before it. */
  function placeLabels() {
    const {x: left, y: top} = map.containerPointToLayerPoint([0, 0]);
    const origin = map.getPixelOrigin();
    const scale = 2 ** map.getZoom();
    const size = map.getSize();
    const view = {left, top, right: left + size.x, bottom: top + size.y};
    const taken = [];
    const isFree = (box) => !taken.some((other) => overlap(box, other, LABEL_GAP));
    const boxOf = ({x, y, rise, height}, width) => {
      const boxLeft = Math.round(x * scale - origin.x - width / 2);
      const boxTop = Math.round(y * scale - origin.y - rise - height / 2);
      return {left: boxLeft, top: boxTop, right: boxLeft + width, bottom: boxTop + height};
    };
    const nodes = [];
    for (const label of labels) {
      if (!label.layer.shown) continue;
      // Measuring text is slow, so the very middle of a label must be in view and free first.
      const middle = boxOf(label, 0);
      if (!overlap(middle, view, 0) || !isFree(middle)) continue;
      const box = boxOf(label, Math.ceil(widthOf(label.text) * label.look.size));
      if (!isFree(box)) continue;
      taken.push(box);
      nodes.push(drawLabel(label, box));
      if (nodes.length === LABELS_SHOWN) break;
    }
    labelPane.replaceChildren(...nodes);
    labelPane.classList.remove('zooming');
  }

  // ---- Layers --------------------------------------------------------------------------------

  const canvas = new SceneCanvas(layers);
  const overlay = L.svg();

  function redraw() {
    canvas.draw();
    placeLabels();
  }

  function showLayer(layer, shown) {
    layer.shown = shown;
    legend.querySelector(`[data-layer="${layers.indexOf(layer)}"]`).checked = shown;
    if (!shown && selected && selected.layer === layer) map.closePopup();
    redraw();
  }

  /** Background tiles come with a switch in the legend and with their credit on the map. */
  function listTiles() {
    const tileLayers = [];
    map.eachLayer((layer) => layer instanceof L.TileLayer && tileLayers.push(layer));
    if (tileLayers.length === 0) return;
    // It does not by itself take back the credit of layers that were there before it.
    const credits = map.attributionControl || L.control.attribution({prefix: false}).addTo(map);
    for (const tiles of tileLayers) {
      const section = legend.appendChild(element('section', 'layer'));
      const label = section.appendChild(element('label'));
      const box = label.appendChild(element('input'));
      Object.assign(box, {type: 'checkbox', checked: true, autocomplete: 'off'});
      label.append(element('span', 'title', words.tiles));
      const mix = () => stage.classList.toggle('over-tiles', tileLayers.some((t) => map.hasLayer(t)));
      box.addEventListener('change', () => {
        if (box.checked) {
          map.addLayer(tiles);
        } else {
          map.removeLayer(tiles);
          credits.removeAttribution(tiles.getAttribution());
        }
        mix();
      });
      mix();
    }
  }

  // ---- Popups --------------------------------------------------------------------------------

  let selected = null; // the feature whose popup is open

  function describe({layer, row}) {
    const section = element('section', 'feature');
    section.tabIndex = -1; // so that the search can move the focus here
    if (layer.nameOf) section.append(element('h2', '', layer.nameOf(row)));
    const table = section.appendChild(element('table'));
    layer.fields.forEach((heading, i) => {
      const line = table.insertRow();
      const th = line.appendChild(element('th', '', heading));
      th.scope = 'row';
      line.appendChild(element('td', '', layer.valuesOf[i](row)));
    });
    return section;
  }

  function openPopup(feature, at) {
    const narrow = stage.clientWidth < WIDE_STAGE;
    const left = tools.offsetLeft + tools.offsetWidth + MARGIN;
    const popup = L.popup({
      maxWidth: Math.min(340, stage.clientWidth - left - 3 * MARGIN),
      maxHeight: Math.round(stage.clientHeight * (narrow ? 0.45 : 0.6)),
      autoPanPaddingTopLeft: [left, 60],
      autoPanPaddingBottomRight: fitOptions().paddingBottomRight,
    });
    popup.setLatLng(at).setContent(describe(feature)).openOn(map);
    const button = popup.getElement().querySelector('.leaflet-popup-close-button');
    button.setAttribute('aria-label', words.close); // Leaflet's own is always English.
    selected = feature;
    const highlight = highlightOf(feature).addTo(map);
    popup.on('remove', () => {
      highlight.remove();
      selected = null;
    });
    return popup;
  }

  function openAndFocus(feature, at) {
    openPopup(feature, at).getElement().querySelector('.feature').focus({preventScroll: true});
  }

  function featureUnder(latlng) {
    return featureAt(featureLayers, map.project(latlng, 0), 2 ** -map.getZoom());
  }

  function isTold({layer}) {
    return layer.nameOf || layer.fields.length > 0;
  }

  function listenToPointer(measure) {
    const tooltip = L.tooltip({direction: 'right', offset: [10, 0]});
    let pending = null;
    const hover = (latlng) => {
      const feature = measure.active ? null : featureUnder(latlng);
      stage.classList.toggle('over-feature', Boolean(feature && isTold(feature)));
      if (!feature || !feature.layer.nameOf) {
        tooltip.remove();
        return;
      }
      const name = feature.layer.nameOf(feature.row);
      tooltip.setLatLng(latlng).setContent(element('span', '', name));
      if (!map.hasLayer(tooltip)) tooltip.addTo(map);
    };
    if (matchMedia('(hover: hover)').matches) {
      map.on('mousemove', ({latlng}) => {
        if (!pending) {
          requestAnimationFrame(() => {
            if (pending) hover(pending);
            pending = null;
          });
        }
        pending = latlng;
      });
      map.on('mouseout movestart', () => {
        pending = null;
        tooltip.remove();
      });
    }
    map.on('click', ({latlng}) => {
      if (measure.active) {
        measure.add(latlng);
        return;
      }
      const feature = featureUnder(latlng);
      if (feature && isTold(feature)) openPopup(feature, latlng);
    });
  }

  /** With the focus on the map, keys act on the place in its middle, where a cross stands. */
  function listenToKeys(measure, button) {
    stage.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && measure.active) {
        measure.toggle(false);
        button.focus();
      } else if (event.key === 'Escape' && event.target.closest('.leaflet-popup')) {
        // The focus went into the popup, which Escape closes; it returns to where it came from.
        map.closePopup();
        (cameFrom || stage).focus();
      }
      if (event.target !== stage) return;
      if (event.key === 'Backspace' && measure.active) measure.back();
      if (event.key !== 'Enter') return;
      event.preventDefault();
      const feature = measure.active ? measure.add(map.getCenter()) : featureUnder(map.getCenter());
      if (feature && isTold(feature)) {
        cameFrom = stage;
        openAndFocus(feature, map.getCenter());
      }
    });
  }

  // ---- Search --------------------------------------------------------------------------------

  let cameFrom = null; // where the focus was before it went into a popup

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
    map.fitBounds(boundsOf(feature).pad(0.25), {...fitOptions(), maxZoom: FEATURE_ZOOM});
    openAndFocus(feature, placeOf(feature));
  }

  function startSearch(box) {
    const input = box.querySelector('input');
    const list = box.querySelector('#matches');
    const status = box.querySelector('#match-count');
    const named = featureLayers.filter(({nameOf}) => nameOf);
    let candidates = null;
    const makeCandidates = () =>
      named.flatMap((layer) =>
        Array.from({length: layer.shapes.count}, (_, row) => ({
          layer,
          row,
          key: fold(layer.nameOf(row)),
        })),
      );

    const close = () => {
      list.hidden = true;
      status.hidden = true;
    };
    const choose = (feature) => {
      close();
      cameFrom = input;
      goTo(feature);
    };
    const entry = (feature) => {
      const button = element('button', '');
      button.type = 'button';
      button.append(element('span', '', feature.layer.nameOf(feature.row)));
      if (named.length > 1) button.append(element('span', 'of', feature.layer.title));
      button.addEventListener('click', () => choose(feature));
      return button;
    };
    const update = () => {
      candidates = candidates || makeCandidates();
      const matches = findByName(candidates, input.value);
      const empty = !fold(input.value);
      list.replaceChildren(...matches.slice(0, MATCHES_SHOWN).map(entry));
      list.hidden = matches.length === 0;
      status.hidden = empty;
      status.textContent = matches.length
        ? words.matches.replace('{count}', matches.length.toLocaleString('en'))
        : words.no_match;
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
  }

  // ---- Start ---------------------------------------------------------------------------------

  legend.open = matchMedia('(min-width: 600px)').matches;
  legend.addEventListener('change', ({target}) => {
    if (target.dataset.layer) showLayer(layers[target.dataset.layer], target.checked);
  });
  legend.addEventListener('input', ({target}) => {
    if (!target.dataset.opacityOf) return;
    layers[target.dataset.opacityOf].opacity = target.value / 100;
    canvas.draw();
  });
  const buttonOf = (name) => document.getElementById(name);
  buttonOf('zoom-in').addEventListener('click', () => map.zoomIn());
  buttonOf('zoom-out').addEventListener('click', () => map.zoomOut());
  buttonOf('whole').addEventListener('click', showAll);
  buttonOf('print').addEventListener('click', () => window.print());
  const measure = startMeasure(map, words, buttonOf('measure'), buttonOf('measured'));

  listTiles();
  showAll();
  canvas.addTo(map);
  L.control.scale({imperial: false, maxWidth: 120}).addTo(map);
  new ResizeObserver(onResize).observe(stage);
  requestAnimationFrame(() => performance.mark('scene drawn'));
  await new Promise((next) => setTimeout(next)); // Let the first frame be seen.

  await Promise.all(featureLayers.map(loadTable));
  labels = makeLabels();
  placeLabels();
  map.on('zoomstart', () => labelPane.classList.add('zooming'));
  map.on('moveend', placeLabels);
  listenToPointer(measure);
  listenToKeys(measure, buttonOf('measure'));
  if (search) startSearch(search);
  stage.setAttribute('aria-busy', 'false');
  performance.mark('scene ready');
}

window.showScene = showScene;

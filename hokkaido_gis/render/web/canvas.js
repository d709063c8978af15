// ---- Drawing: all layers on one canvas, and which feature lies under a place -----------------------

const CROWD = 5000; // from so many areas in view on they are drawn more coarsely
const SNAP = 4; // steps of a pixel to which vertices are rounded; neighbours are rounded alike
const CROWD_SNAP = 1;
const OUTLINE_FROM = 5; // in a crowd smaller areas have no outline, which would hide them [px]
const CLEAR = 32; // vertices farther off the canvas than this may be left out [px]
const BATCH = 100; // areas filled at once
const REACH = 5; // how far from a line or point a click still counts [px]

/** Add a line or ring to the pen's path, without vertices that fall together or lie all outside. */
function trace(pen, {x, y}, from, to, view) {
  const {scale, left, top, width, height, snap} = view;
  const [right, bottom] = [width + CLEAR, height + CLEAR];
  let seenX = NaN; // the vertex before, drawn or held
  let seenY = NaN;
  let seenSide = 0;
  let side = 0; // beyond which sides of the canvas the vertex last drawn lies
  let held = false;
  for (let v = from; v < to; v += 1) {
    const px = Math.round((x[v] * scale - left) * snap) / snap;
    const py = Math.round((y[v] * scale - top) * snap) / snap;
    if (px === seenX && py === seenY) continue;
    const across = px < -CLEAR ? 1 : px > right ? 2 : 0;
    const beyond = across | (py < -CLEAR ? 4 : py > bottom ? 8 : 0);
    if (held && !(beyond & seenSide & side)) {
      pen.lineTo(seenX, seenY);
      side = seenSide;
      held = false;
    }
    if (v === from) pen.moveTo(px, py);
    else if (!held && beyond & side) held = true;
    else if (!held) pen.lineTo(px, py);
    if (!held) side = beyond;
    seenX = px;
    seenY = py;
    seenSide = beyond;
  }
  if (held) pen.lineTo(seenX, seenY);
}

function traceAreas(pen, shapes, row, view, closed) {
  const {parts, kinds, rings, vertices} = shapes;
  for (let part = parts[row]; part < parts[row + 1]; part += 1) {
    if (kinds[part] !== AREA) continue;
    for (let ring = rings[part]; ring < rings[part + 1]; ring += 1) {
      trace(pen, shapes, vertices[ring], vertices[ring + 1], view);
      if (closed) pen.closePath(); // A fill closes by itself.
    }
  }
}

/** Call `visit` with every feature whose box touches the view, and with the longer side of the box. */
function eachInView({boxes}, rows, {scale, left, top, width, height}, spare, visit) {
  const [west, north] = [(left - spare) / scale, (top - spare) / scale];
  const [east, south] = [(left + width + spare) / scale, (top + height + spare) / scale];
  for (const row of rows) {
    const at = 4 * row;
    if (boxes[at + 2] < west || boxes[at] > east) continue;
    if (boxes[at + 3] < north || boxes[at + 1] > south) continue;
    visit(row, Math.max(boxes[at + 2] - boxes[at], boxes[at + 3] - boxes[at + 1]) * scale);
  }
}

/** Rows of a layer that have a part of some kind, by their class. */
function rowsByClass({count, classes, parts, kinds}, classCount, kind) {
  const rows = Array.from({length: classCount}, () => []);
  for (let row = 0; row < count; row += 1) {
    if (kinds.subarray(parts[row], parts[row + 1]).includes(kind)) rows[classes[row]].push(row);
  }
  return rows;
}

/** All fills come before all outlines, lest a neighbour's fill cover half of an outline. */
function drawAreas(pen, {shapes, symbols, areas}, wholeView) {
  let seen = 0;
  for (const rows of areas) {
    eachInView(shapes, rows, wholeView, 0, () => {
      seen += 1;
    });
  }
  const crowded = seen > CROWD;
  const view = {...wholeView, snap: crowded ? CROWD_SNAP : SNAP};
  areas.forEach((rows, number) => {
    const {fill, opacity} = symbols[number];
    let traced = 0;
    const pour = () => {
      pen.fill();
      pen.beginPath();
      traced = 0;
    };
    pen.fillStyle = fill;
    pen.globalAlpha = opacity;
    pen.beginPath();
    eachInView(shapes, rows, view, 0, (row, size) => {
      if (size < 1) {
        const {scale, left, top} = view;
        const [west, north] = shapes.boxes.subarray(4 * row);
        pen.rect(west * scale - left, north * scale - top, 1, 1);
      } else {
        traceAreas(pen, shapes, row, view, false);
      }
      traced += 1;
      if (traced === BATCH) pour();
    });
    pour();
  });
  pen.globalAlpha = 1;
  areas.forEach((rows, number) => {
    const {stroke, width} = symbols[number];
    if (!width) return;
    let traced = 0;
    pen.strokeStyle = stroke;
    pen.lineWidth = width;
    pen.beginPath();
    eachInView(shapes, rows, view, width, (row, size) => {
      if (crowded && size < OUTLINE_FROM) return;
      traceAreas(pen, shapes, row, view, true);
      traced += 1;
      if (traced % BATCH) return;
      pen.stroke();
      pen.beginPath();
    });
    pen.stroke();
  });
}

function drawLines(pen, {shapes, symbols, lines}, view) {
  const {parts, kinds, rings, vertices} = shapes;
  lines.forEach((rows, number) => {
    const {stroke, width} = symbols[number];
    if (!width) return;
    pen.strokeStyle = stroke;
    pen.lineWidth = width;
    pen.beginPath();
    eachInView(shapes, rows, view, width, (row) => {
      for (let part = parts[row]; part < parts[row + 1]; part += 1) {
        const ring = rings[part];
        if (kinds[part] === LINE) trace(pen, shapes, vertices[ring], vertices[ring + 1], view);
      }
    });
    pen.stroke();
  });
}

function drawPoints(pen, {shapes, symbols, points, radius}, view) {
  const {classes, parts, kinds, rings, vertices, x, y} = shapes;
  const most = Math.max(0, ...symbols.map((symbol) => symbol.radius + symbol.width));
  eachInView(shapes, points, view, most, (row) => {
    const {fill, opacity, stroke, width} = symbols[classes[row]];
    pen.fillStyle = fill;
    pen.strokeStyle = stroke;
    pen.lineWidth = width;
    for (let part = parts[row]; part < parts[row + 1]; part += 1) {
      if (kinds[part] !== POINT) continue;
      const v = vertices[rings[part]];
      pen.beginPath();
      pen.arc(x[v] * view.scale - view.left, y[v] * view.scale - view.top, radius(row), 0, 7);
      pen.globalAlpha = opacity;
      pen.fill();
      pen.globalAlpha = 1;
      if (width) pen.stroke();
    }
  });
}

/** The picture lies in the map's projection, so that stretching it keeps every pixel in its place. */
function drawRaster(pen, {picture, box, opacity}, {scale, left, top}) {
  const [west, north, east, south] = box.map((side) => side * scale);
  pen.globalAlpha = opacity;
  pen.imageSmoothingEnabled = false; // The colours are classes.
  pen.drawImage(picture, west - left, north - top, east - west, south - north);
  pen.globalAlpha = 1;
}

/** The canvas that Leaflet moves and scales while the map moves; drawn anew when it has come to rest. */
const SceneCanvas = L.Renderer.extend({
  initialize(layers) {
    L.Renderer.prototype.initialize.call(this, {padding: 0.15});
    this.layers = layers;
  },

  _initContainer() {
    this._container = document.createElement('canvas');
    this.pen = this._container.getContext('2d');
  },

  _destroyContainer() {
    this._container.remove();
    delete this._container;
  },

  _update() {
    if (this._map._animatingZoom && this._bounds) return;
    L.Renderer.prototype._update.call(this);
    const {x, y} = this._bounds.getSize();
    const fineness = Math.min(window.devicePixelRatio || 1, 2);
    L.DomUtil.setPosition(this._container, this._bounds.min);
    Object.assign(this._container, {width: x * fineness, height: y * fineness});
    Object.assign(this._container.style, {width: `${x}px`, height: `${y}px`});
    this.pen.scale(fineness, fineness);
    Object.assign(this.pen, {lineJoin: 'round', lineCap: 'round'});
    this.draw();
  },

  view() {
    const corner = this._map.getPixelOrigin().add(this._bounds.min);
    const {x: width, y: height} = this._bounds.getSize();
    const scale = 2 ** this._map.getZoom();
    return {scale, left: corner.x, top: corner.y, width, height, snap: SNAP};
  },

  draw() {
    const view = this.view();
    this.pen.clearRect(0, 0, view.width, view.height);
    for (const layer of this.layers) {
      if (!layer.shown) continue;
      if (layer.picture) {
        drawRaster(this.pen, layer, view);
        continue;
      }
      drawAreas(this.pen, layer, view);
      drawLines(this.pen, layer, view);
      drawPoints(this.pen, layer, view);
    }
  },
});

// ---- Which feature lies under a place ----------------------------------------------------------

function isInRing({x, y}, from, to, [px, py]) {
  let inside = false;
  for (let v = from, before = to - 1; v < to; before = v, v += 1) {
    if (y[v] > py === y[before] > py) continue;
    const share = (py - y[v]) / (y[before] - y[v]);
    if (px < x[v] + share * (x[before] - x[v])) inside = !inside;
  }
  return inside;
}

function distanceToLine({x, y}, from, to, [px, py]) {
  let least = Infinity;
  for (let v = from; v < to - 1; v += 1) {
    const [dx, dy] = [x[v + 1] - x[v], y[v + 1] - y[v]];
    const share = ((px - x[v]) * dx + (py - y[v]) * dy) / (dx * dx + dy * dy || 1);
    const at = Math.max(0, Math.min(1, share));
    least = Math.min(least, Math.hypot(x[v] + at * dx - px, y[v] + at * dy - py));
  }
  return least;
}

/** How far a place may lie from each part of a feature, thin lines and small points being hard to hit. */
function isHit({shapes, symbols, radius}, row, place, pixel) {
  const {classes, parts, kinds, rings, vertices, x, y} = shapes;
  const {width} = symbols[classes[row]];
  for (let part = parts[row]; part < parts[row + 1]; part += 1) {
    const [from, to] = [vertices[rings[part]], vertices[rings[part] + 1]];
    if (kinds[part] === POINT) {
      const away = Math.hypot(x[from] - place[0], y[from] - place[1]);
      if (away <= (radius(row) + width / 2 + REACH) * pixel) return true;
    } else if (kinds[part] === LINE) {
      if (distanceToLine(shapes, from, to, place) <= (width / 2 + REACH) * pixel) return true;
    } else {
      let inside = false;
      for (let ring = rings[part]; ring < rings[part + 1]; ring += 1) {
        inside = inside !== isInRing(shapes, vertices[ring], vertices[ring + 1], place);
      }
      if (inside) return true;
    }
  }
  return false;
}

/** The uppermost feature at a place. Comparing every box takes less than a millisecond of 100,000. */
function featureAt(layers, {x, y}, pixel) {
  for (const layer of [...layers].reverse()) {
    if (!layer.shown) continue;
    const {shapes, symbols, points} = layer;
    const {boxes, count} = shapes;
    const most = Math.max(0, ...symbols.map((symbol) => symbol.radius + symbol.width)) + REACH;
    const spare = most * pixel;
    const isNear = (row) =>
      boxes[4 * row] - spare <= x &&
      boxes[4 * row + 2] + spare >= x &&
      boxes[4 * row + 1] - spare <= y &&
      boxes[4 * row + 3] + spare >= y;
    const isUnder = (row) => isNear(row) && isHit(layer, row, [x, y], pixel);
    for (let i = points.length - 1; i >= 0; i -= 1) {
      if (isUnder(points[i])) return {layer, row: points[i]};
    }
    for (let row = count - 1; row >= 0; row -= 1) if (isUnder(row)) return {layer, row};
  }
  return null;
}

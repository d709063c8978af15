// ---- Data: the bytes of the page as arrays -------------------------------------------------------

const POINT = 0;
const LINE = 1;
const AREA = 2;
const WORLD = 256; // width of the world at zoom level 0 [px], the unit of all coordinates below
const NORTHMOST = 85.0511287798; // where the square of the Mercator projection ends

function toBytes(base64) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
  const characters = atob(base64);
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = characters.charCodeAt(i);
  return bytes;
}

async function unpack(id) {
  const packed = new Blob([toBytes(document.getElementById(id).textContent)]);
  const stream = packed.stream().pipeThrough(new DecompressionStream('deflate'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** A function that reads the next so many signed integers of variable length. */
function readerOf(bytes) {
  let at = 0;
  return (count) => {
    const values = new Int32Array(count);
    for (let i = 0; i < count; i += 1) {
      let code = 0;
      let shift = 0;
      let byte;
      do {
        byte = bytes[at];
        at += 1;
        code |= (byte & 127) << shift;
        shift += 7;
      } while (byte > 127);
      values[i] = (code >>> 1) ^ -(code & 1);
    }
    return values;
  };
}

/** Where each of several runs starts in a common list, and where the last one ends. */
function startsOf(counts) {
  const starts = new Uint32Array(counts.length + 1);
  for (let i = 0; i < counts.length; i += 1) starts[i + 1] = starts[i] + counts[i];
  return starts;
}

function worldX(longitude) {
  return (longitude / 360 + 0.5) * WORLD;
}

function worldY(latitude) {
  const kept = Math.max(-NORTHMOST, Math.min(NORTHMOST, latitude));
  const sine = Math.sin((kept * Math.PI) / 180);
  return (0.5 - Math.atanh(sine) / (2 * Math.PI)) * WORLD;
}

function latLngOf(x, y) {
  return L.CRS.EPSG3857.pointToLatLng(L.point(x, y), 0);
}

/**
 * The geometry of a layer. Feature `row` has the parts from `parts[row]` to `parts[row + 1]`, a part
 * the rings from `rings[part]` on, a ring the vertices from `vertices[ring]` on.
 */
function decodeShapes(bytes) {
  const read = readerOf(bytes);
  const [digits, featureCount, partCount, ringCount, vertexCount] = read(5);
  const unit = 10 ** -digits;
  const classes = read(featureCount);
  const parts = startsOf(read(featureCount));
  const kinds = read(partCount);
  const rings = startsOf(read(partCount));
  const vertices = startsOf(read(ringCount));
  const [longitudes, latitudes] = [read(vertexCount), read(vertexCount)];
  const [x, y] = [new Float64Array(vertexCount), new Float64Array(vertexCount)];
  for (let v = 0; v < vertexCount; v += 1) {
    if (v > 0) {
      longitudes[v] += longitudes[v - 1];
      latitudes[v] += latitudes[v - 1];
    }
    x[v] = worldX(longitudes[v] * unit);
    y[v] = worldY(latitudes[v] * unit);
  }
  const anchors = [read(featureCount), read(featureCount)].map((leads, axis) =>
    Float64Array.from(leads, (lead, row) => {
      const from = [longitudes, latitudes][axis][vertices[rings[parts[row]]]];
      return [worldX, worldY][axis]((from + lead) * unit);
    }),
  );
  const shapes = {count: featureCount, classes, parts, kinds, rings, vertices, x, y, anchors};
  return {...shapes, boxes: boxesOf(shapes)};
}

/** West, north, east and south of each feature. */
function boxesOf({count, parts, rings, vertices, x, y}) {
  const boxes = new Float64Array(4 * count);
  for (let row = 0; row < count; row += 1) {
    let [west, north, east, south] = [Infinity, Infinity, -Infinity, -Infinity];
    const end = vertices[rings[parts[row + 1]]];
    for (let v = vertices[rings[parts[row]]]; v < end; v += 1) {
      if (x[v] < west) west = x[v];
      if (x[v] > east) east = x[v];
      if (y[v] < north) north = y[v];
      if (y[v] > south) south = y[v];
    }
    boxes.set([west, north, east, south], 4 * row);
  }
  return boxes;
}

/** Functions that give the text of a row, one for each column. */
function decodeColumns(bytes) {
  const columns = JSON.parse(new TextDecoder().decode(bytes));
  return columns.map((column) =>
    column.words ? (row) => column.words[column.rows[row]] : (row) => column[row],
  );
}

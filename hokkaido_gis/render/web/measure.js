// ---- Measuring on the ellipsoid --------------------------------------------------------------------

const AXIS = 6378137; // of GRS 80 [m]
const FLATTENING = 1 / 298.257222101;

function radians(degrees) {
  return (degrees * Math.PI) / 180;
}

/** Length of the shortest way between two places [m], by the formula of Andoyer and Lambert. */
function distanceBetween(one, other) {
  const reduced = ({lat}) => Math.atan((1 - FLATTENING) * Math.tan(radians(lat)));
  const [mean, half] = [
    (reduced(one) + reduced(other)) / 2,
    (reduced(other) - reduced(one)) / 2,
  ];
  const turn = Math.sin(radians(other.lng - one.lng) / 2) ** 2;
  const haversine =
    Math.sin(half) ** 2 + Math.cos(reduced(one)) * Math.cos(reduced(other)) * turn;
  if (haversine === 0) return 0;
  const arc = 2 * Math.asin(Math.min(1, Math.sqrt(haversine)));
  const shorter = ((Math.sin(mean) * Math.cos(half)) / Math.cos(arc / 2)) ** 2;
  const longer = ((Math.cos(mean) * Math.sin(half)) / Math.sin(arc / 2)) ** 2;
  const change = (arc - Math.sin(arc)) * shorter + (arc + Math.sin(arc)) * longer;
  return AXIS * (arc - (FLATTENING / 2) * change);
}

/** Area within places [m2], whose borders are straight in the cylindrical equal-area projection. */
function areaWithin(places) {
  const e = Math.sqrt(FLATTENING * (2 - FLATTENING));
  const plane = places.map(({lat, lng}) => {
    const sine = Math.sin(radians(lat));
    const height = sine / (1 - (e * sine) ** 2) + Math.atanh(e * sine) / e;
    return [AXIS * radians(lng), (AXIS * (1 - e * e) * height) / 2];
  });
  const doubled = plane.reduce((sum, [x, y], i) => {
    const [nextX, nextY] = plane[(i + 1) % plane.length];
    return sum + (x * nextY - nextX * y);
  }, 0);
  return Math.abs(doubled) / 2;
}

function writeMeasure(value, unit, thousandth) {
  const digits = {maximumSignificantDigits: 4};
  return value < 1
    ? `${Math.round(value * thousandth).toLocaleString()} ${unit.replace('k', '')}`
    : `${value.toLocaleString('en', digits)} ${unit}`;
}

/** Let the reader put points on the map; their line's length and the area within stand beside it. */
function startMeasure(map, words, button, status) {
  const drawing = L.layerGroup().addTo(map);
  const renderer = L.svg({pane: 'tooltipPane'});
  const ink = {color: '#b3261e', weight: 2.5, interactive: false, renderer};
  let places = [];

  const update = () => {
    drawing.clearLayers();
    if (places.length > 2) {
      drawing.addLayer(L.polygon(places, {...ink, weight: 1, dashArray: '4 4', fillOpacity: 0.12}));
    }
    drawing.addLayer(L.polyline(places, ink));
    for (const place of places) {
      const dot = {...ink, radius: 4, fillColor: '#fff', fillOpacity: 1};
      drawing.addLayer(L.circleMarker(place, dot));
    }
    const length = places.slice(1).reduce((sum, at, i) => sum + distanceBetween(places[i], at), 0);
    const lines = [places.length < 2 ? words.measure_how : ''];
    if (places.length > 1) lines.push(`${words.distance}: ${writeMeasure(length / 1e3, 'km', 1e3)}`);
    if (places.length > 2) {
      lines.push(`${words.area}: ${writeMeasure(areaWithin(places) / 1e6, 'km²', 1e6)}`);
    }
    status.textContent = lines.filter(Boolean).join('\n');
  };
  const measure = {
    active: false,
    add(place) {
      places.push(place);
      update();
    },
    back() {
      places.pop();
      update();
    },
    toggle(active) {
      measure.active = active;
      places = [];
      update();
      status.hidden = !active;
      button.setAttribute('aria-pressed', active);
      map.getContainer().classList.toggle('measuring', active);
      map.doubleClickZoom[active ? 'disable' : 'enable']();
    },
  };
  button.addEventListener('click', () => measure.toggle(!measure.active));
  return measure;
}

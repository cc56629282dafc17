// The surfaces in 3-D: a small WebGL 2 renderer. Vertices of two neighbouring frames are mixed on
// the graphics card, so that the motion is smooth whatever the frame rate of the images.
(() => {
  const root = document.querySelector(".viewer");
  if (!root) return;
  const canvas = root.querySelector("canvas"), scene = study.scene;
  const gl = canvas.getContext("webgl2", { antialias: true, alpha: false });
  if (!gl) {
    page.dataset.viewer = "still";
    return;
  }

  const VERTEX = `#version 300 es
    in vec3 placeNow, placeNext, normalNow, normalNext;
    in float valueNow, valueNext, isColoured, mark;
    in vec4 tint;
    uniform mat3 turn;
    uniform vec2 zoom;
    uniform float blend;
    out vec3 seen, normal;
    out vec4 plain;
    out vec3 value;
    out float inMark;
    void main() {
      seen = turn * (mix(placeNow, placeNext, blend) - 0.5);
      normal = turn * mix(normalNow, normalNext, blend);
      plain = tint;
      // Code 0 is "not measured"; 1 to 255 span the colour scale.
      value = vec3(mix(valueNow, valueNext, blend) * 255.0 / 254.0 - 1.0 / 254.0,
                   min(valueNow, valueNext) > 0.002 ? 1.0 : 0.0, isColoured);
      inMark = mark;
      gl_Position = vec4(seen.xy * zoom, -0.5 * seen.z, 1.0);
    }`;
  const FRAGMENT = `#version 300 es
    precision highp float;
    in vec3 seen, normal;
    in vec4 plain;
    in vec3 value;
    in float inMark;
    uniform sampler2D table;
    uniform float cut;
    out vec4 pixel;
    void main() {
      if (seen.z > cut) discard;
      vec3 n = normalize(normal) * (gl_FrontFacing ? 1.0 : -1.0);
      vec3 known = texture(table, vec2(clamp(value.x, 0.0, 1.0) * 255.0 / 256.0 + 0.5 / 256.0, 0.5)).rgb;
      vec3 colour = value.z < 0.5 ? plain.rgb : value.y > 0.999 ? known : vec3(0.55);
      float edge = fwidth(inMark);
      if (edge > 1e-5) colour *= smoothstep(0.5, 1.9, abs(inMark - 0.5) / edge);
      float light = 0.54 + 0.44 * max(dot(n, normalize(vec3(-0.35, 0.5, 0.79))), 0.0)
                  + 0.12 * max(dot(n, normalize(vec3(0.7, -0.4, 0.3))), 0.0);
      float shine = 0.16 * pow(max(dot(n, normalize(vec3(-0.2, 0.35, 1.0))), 0.0), 40.0);
      if (!gl_FrontFacing) { light *= 0.85; shine = 0.0; }
      // A translucent wall looks denser where the eye meets it at a slant.
      float rim = 1.0 - abs(n.z);
      float alpha = plain.a < 0.999 ? mix(plain.a, 1.0, 0.5 * rim * rim) : 1.0;
      pixel = vec4((colour * light + shine) * alpha, alpha);
    }`;

  function compile(kind, source) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader));
    return shader;
  }
  const program = gl.createProgram();
  gl.attachShader(program, compile(gl.VERTEX_SHADER, VERTEX));
  gl.attachShader(program, compile(gl.FRAGMENT_SHADER, FRAGMENT));
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program));
  gl.useProgram(program);
  const uniform = Object.fromEntries(["turn", "zoom", "blend", "cut"]
    .map((name) => [name, gl.getUniformLocation(program, name)]));

  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  function buffer(data, target = gl.ARRAY_BUFFER) {
    const handle = gl.createBuffer();
    gl.bindBuffer(target, handle);
    gl.bufferData(target, data, gl.STATIC_DRAW);
    return handle;
  }

  // All surfaces in one set of arrays, so that translucent triangles can be sorted together.
  const frames = clock.count, fields = scene.colourings.map(({ field }) => field);
  const total = scene.surfaces.reduce((sum, surface) => sum + surface.vertices, 0);
  const places = new Uint16Array(4 * total * frames), normals = new Int8Array(4 * total * frames);
  const tints = new Uint8Array(4 * total), marks = new Uint8Array(total);
  const values = fields.map(() => ({ codes: new Uint8Array(total * frames), kinds: new Uint8Array(total) }));
  const surfaces = [];
  let first = 0;
  for (const surface of scene.surfaces) {
    const n = surface.vertices, points = new Uint16Array(bytes(surface.points).buffer);
    const cells = new Uint32Array(bytes(surface.cells).buffer), own = points.length / (3 * n);
    for (let t = 0; t < frames; t += 1) {
      const p = points.subarray(3 * n * (t % own), 3 * n * ((t % own) + 1));
      for (let i = 0; i < n; i += 1) places.set(p.subarray(3 * i, 3 * i + 3), 4 * (total * t + first + i));
      addNormals(p, cells, n, 4 * (total * t + first));
    }
    for (let i = 0; i < n; i += 1) {
      tints.set([...surface.colour, surface.opacity].map((c) => Math.round(255 * c)), 4 * (first + i));
    }
    if (surface.mark) marks.set(bytes(surface.mark), first);
    fields.forEach((field, k) => {
      if (!surface.fields[field]) return;
      const codes = bytes(surface.fields[field]);
      for (let t = 0; t < frames; t += 1) {
        const from = n * (t % (codes.length / n));
        values[k].codes.set(codes.subarray(from, from + n), total * t + first);
      }
      values[k].kinds.fill(255, first, first + n);
    });
    surfaces.push({ cells: cells.map((vertex) => vertex + first), isOpaque: surface.opacity === 1, shown: true });
    first += n;
  }

  // Area-weighted normals of the vertices, four bytes each.
  function addNormals(p, cells, n, start) {
    const sum = new Float32Array(3 * n);
    for (let c = 0; c < cells.length; c += 3) {
      const a = 3 * cells[c], b = 3 * cells[c + 1], d = 3 * cells[c + 2];
      const ux = p[b] - p[a], uy = p[b + 1] - p[a + 1], uz = p[b + 2] - p[a + 2];
      const vx = p[d] - p[a], vy = p[d + 1] - p[a + 1], vz = p[d + 2] - p[a + 2];
      const x = uy * vz - uz * vy, y = uz * vx - ux * vz, z = ux * vy - uy * vx;
      for (const k of [a, b, d]) { sum[k] += x; sum[k + 1] += y; sum[k + 2] += z; }
    }
    for (let i = 0; i < n; i += 1) {
      const length = Math.hypot(sum[3 * i], sum[3 * i + 1], sum[3 * i + 2]) || 1;
      for (let k = 0; k < 3; k += 1) normals[start + 4 * i + k] = Math.round((127 * sum[3 * i + k]) / length);
    }
  }

  const handles = {
    places: buffer(places), normals: buffer(normals), tints: buffer(tints), marks: buffer(marks),
    values: values.map(({ codes, kinds }) => ({ codes: buffer(codes), kinds: buffer(kinds) })),
    none: { codes: buffer(new Uint8Array(total * frames)), kinds: buffer(new Uint8Array(total)) },
    triangles: gl.createBuffer(),
  };
  const tables = scene.colourings.map(({ table }) => {
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGB, 256, 1, 0, gl.RGB, gl.UNSIGNED_BYTE, bytes(table));
    for (const side of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, side, gl.LINEAR);
    for (const side of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, side, gl.CLAMP_TO_EDGE);
    return texture;
  });

  const home = scene.rotation;
  const state = { turn: home.slice(), zoom: 1, cut: 1, colouring: tables.length ? 0 : -1 };

  function bind(name, handle, size, type, stride, vertex) {
    const place = gl.getAttribLocation(program, name);
    gl.bindBuffer(gl.ARRAY_BUFFER, handle);
    gl.enableVertexAttribArray(place);
    gl.vertexAttribPointer(place, size, type, true, stride, stride * vertex);
  }

  // Vertex numbers of the triangles, far ones first: a counting sort of their depths.
  const BINS = 4096;
  function sorted(parts, frame) {
    const count = parts.reduce((sum, part) => sum + part.cells.length, 0);
    const all = new Uint32Array(count), bins = new Uint16Array(count / 3), starts = new Uint32Array(BINS + 1);
    let at = 0;
    for (const part of parts) { all.set(part.cells, at); at += part.cells.length; }
    const [a, b, c] = state.turn.slice(6), base = 4 * total * frame;
    const depth = (v) => a * places[base + 4 * v] + b * places[base + 4 * v + 1] + c * places[base + 4 * v + 2];
    // The cube's half diagonal bounds the depth on both sides of its centre.
    const middle = 32767.5 * (a + b + c), reach = 56756;
    for (let i = 0; i < bins.length; i += 1) {
      const z = (depth(all[3 * i]) + depth(all[3 * i + 1]) + depth(all[3 * i + 2])) / 3 - middle;
      bins[i] = Math.min(Math.max(Math.floor((BINS * (z + reach)) / (2 * reach)), 0), BINS - 1);
      starts[bins[i] + 1] += 1;
    }
    for (let k = 0; k < BINS; k += 1) starts[k + 1] += starts[k];
    const out = new Uint32Array(count);
    for (let i = 0; i < bins.length; i += 1) out.set(all.subarray(3 * i, 3 * i + 3), 3 * starts[bins[i]]++);
    return out;
  }

  function drawTriangles(cells) {
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, handles.triangles);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, cells, gl.DYNAMIC_DRAW);
    gl.drawElements(gl.TRIANGLES, cells.length, gl.UNSIGNED_INT, 0);
  }

  function draw() {
    const { width, height } = canvas;
    if (!width || !height) return;
    const side = Math.min(width, height), zoom = 1.72 * state.zoom;
    const now = Math.floor(clock.position) % frames, next = (now + 1) % frames;
    gl.viewport(0, 0, width, height);
    gl.clearColor(...scene.background.map((c) => c / 255), 1);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.enable(gl.DEPTH_TEST);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.uniformMatrix3fv(uniform.turn, true, state.turn);
    gl.uniform2f(uniform.zoom, (zoom * side) / width, (zoom * side) / height);
    gl.uniform1f(uniform.blend, clock.position - Math.floor(clock.position));
    gl.uniform1f(uniform.cut, state.cut);
    const shown = handles.values[state.colouring] || handles.none;
    gl.bindTexture(gl.TEXTURE_2D, tables[state.colouring] || null);
    for (const [suffix, frame] of [["Now", now], ["Next", next]]) {
      bind("place" + suffix, handles.places, 3, gl.UNSIGNED_SHORT, 8, total * frame);
      bind("normal" + suffix, handles.normals, 3, gl.BYTE, 4, total * frame);
      bind("value" + suffix, shown.codes, 1, gl.UNSIGNED_BYTE, 1, total * frame);
    }
    bind("isColoured", shown.kinds, 1, gl.UNSIGNED_BYTE, 1, 0);
    bind("tint", handles.tints, 4, gl.UNSIGNED_BYTE, 4, 0);
    bind("mark", handles.marks, 1, gl.UNSIGNED_BYTE, 1, 0);
    const seen = surfaces.filter((surface) => surface.shown);
    gl.depthMask(true);
    seen.filter((surface) => surface.isOpaque).forEach((surface) => drawTriangles(surface.cells));
    gl.depthMask(false);
    drawTriangles(sorted(seen.filter((surface) => !surface.isOpaque), now));
    gl.depthMask(true);
    orient();
    page.dataset.viewer = "drawn";
    root.classList.add("live");
  }
  let asked = false;
  function ask() {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => { asked = false; draw(); });
  }

  // Letters of the patient's directions on the rim of the picture.
  const letters = Array.from(root.querySelectorAll(".direction"));
  function orient() {
    for (const letter of letters) {
      const [axis, sign] = [Number(letter.dataset.axis), Number(letter.dataset.sign)];
      const [x, y, z] = [0, 1, 2].map((row) => sign * state.turn[3 * row + axis]);
      const reach = Math.hypot(x, y);
      letter.style.opacity = reach > 0.45 && z > -0.9 ? Math.min(1, 2 * reach - 0.7) : 0;
      letter.style.left = `${50 + (45 * x) / Math.max(reach, 0.01)}%`;
      letter.style.top = `${50 - (45 * y) / Math.max(reach, 0.01)}%`;
    }
  }

  function rotate(right, down) {
    const turnBy = (m, i, j, angle) => {
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      for (let k = 0; k < 3; k += 1) {
        const [u, v] = [m[3 * i + k], m[3 * j + k]];
        m[3 * i + k] = c * u - s * v;
        m[3 * j + k] = s * u + c * v;
      }
    };
    turnBy(state.turn, 2, 0, right);
    turnBy(state.turn, 1, 2, down);
    ask();
  }
  function zoomBy(factor) {
    state.zoom = Math.min(Math.max(state.zoom * factor, 0.5), 6);
    ask();
  }

  const fingers = new Map();
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
  });
  canvas.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const span = () => { const [a, b] = [...fingers.values()]; return Math.hypot(a[0] - b[0], a[1] - b[1]); };
    const old = fingers.size > 1 ? span() : 0;
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
    if (fingers.size > 1) zoomBy(span() / Math.max(old, 1));
    else rotate((event.clientX - before[0]) / 140, (event.clientY - before[1]) / 140);
  });
  for (const kind of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(kind, (event) => fingers.delete(event.pointerId));
  }
  // The wheel zooms only once the picture was chosen, so that the page can be scrolled past it.
  canvas.addEventListener("wheel", (event) => {
    if (document.activeElement !== canvas && !event.ctrlKey) return;
    event.preventDefault();
    zoomBy(Math.exp(-event.deltaY / 500));
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    const moves = {
      ArrowLeft: () => rotate(-0.12, 0), ArrowRight: () => rotate(0.12, 0),
      ArrowUp: () => rotate(0, -0.12), ArrowDown: () => rotate(0, 0.12),
      "+": () => zoomBy(1.15), "=": () => zoomBy(1.15), "-": () => zoomBy(1 / 1.15),
      Home: () => { state.turn = home.slice(); state.zoom = 1; ask(); },
    };
    if (!moves[event.key]) return;
    event.preventDefault();
    moves[event.key]();
  });

  root.querySelectorAll("input[data-surface]").forEach((box) =>
    box.addEventListener("change", () => { surfaces[Number(box.dataset.surface)].shown = box.checked; ask(); }));
  const cutter = root.querySelector("input.cut");
  cutter.addEventListener("input", () => { state.cut = cutter.value > 0 ? 0.55 - Number(cutter.value) / 100 : 1; ask(); });
  const chooser = root.querySelector("select.colouring");
  const legends = root.querySelectorAll(".legend > *");
  if (chooser) chooser.addEventListener("change", () => {
    state.colouring = Number(chooser.value);
    legends.forEach((legend, index) => { legend.hidden = index !== state.colouring; });
    ask();
  });
  canvas.addEventListener("webglcontextlost", () => root.classList.remove("live"));
  new ResizeObserver(() => {
    const density = Math.min(devicePixelRatio, 2), box = canvas.parentElement;
    const [width, height] = [box.clientWidth, box.clientHeight].map((n) => Math.round(n * density));
    if (width === canvas.width && height === canvas.height) return;
    canvas.width = width;
    canvas.height = height;
    draw();
  }).observe(canvas.parentElement);
  clock.listen(draw);
})();

// One clock for the page: slices, surfaces and curves all show its position, a fractional frame.
const study = JSON.parse(document.getElementById("study").textContent);
const page = document.documentElement;

const clock = (() => {
  const { count, times, start, isBeat } = study.clock;
  const listeners = [];
  // Starts of the frames within one beat; the last frame lasts as long as the mean of the others.
  const beat = times ? (times[count - 1] - times[0]) * (count / Math.max(count - 1, 1)) : 1000;
  const starts = Array.from({ length: count + 1 }, (_, i) =>
    i === count ? beat : times ? times[i] - times[0] : (beat * i) / count);
  let position = start, playing = false, speed = 1, last = 0;

  const announce = () => listeners.forEach((listener) => listener(position, playing));

  function positionAt(time) {
    let i = 0;
    while (i < count - 1 && starts[i + 1] <= time) i += 1;
    return i + (time - starts[i]) / Math.max(starts[i + 1] - starts[i], 1e-9);
  }

  function timeAt(place) {
    const i = Math.min(Math.floor(place), count - 1);
    return starts[i] + (place - i) * (starts[i + 1] - starts[i]);
  }

  function step(now) {
    if (!playing) return;
    // The first time stamp may lie before the press of the button.
    const elapsed = Math.min(Math.max(now - last, 0), 100);
    last = now;
    position = positionAt((timeAt(position) + elapsed * speed) % beat);
    announce();
    requestAnimationFrame(step);
  }

  return {
    count,
    get frame() { return Math.round(position) % count; },
    get position() { return position; },
    get playing() { return playing; },
    set speed(value) { speed = value; },
    listen(listener) { listeners.push(listener); listener(position, playing); },
    seek(frame) { playing = false; position = ((frame % count) + count) % count; announce(); },
    play(wanted) {
      if (wanted === playing || (wanted && count < 2)) return;
      playing = wanted;
      last = performance.now();
      announce();
      if (playing) requestAnimationFrame(step);
    },
    label(frame) {
      const when = times ? `${Math.round(times[frame])} ms` : `${Math.round((100 * frame) / count)} %`;
      return `${isBeat ? `${when} ·` : "plane"} ${frame + 1}/${count}`;
    },
  };
})();

(() => {
  const transport = document.querySelector(".transport");
  if (transport && clock.count > 1) {
    const [play, slider, output] = [".play", "input", "output"].map((s) => transport.querySelector(s));
    transport.hidden = false;
    play.addEventListener("click", () => clock.play(!clock.playing));
    slider.addEventListener("input", () => clock.seek(Number(slider.value)));
    transport.querySelectorAll("[data-frame]").forEach((button) =>
      button.addEventListener("click", () => clock.seek(Number(button.dataset.frame))));
    transport.querySelector("select").addEventListener("change", (event) => {
      clock.speed = Number(event.target.value);
    });
    clock.listen((position, playing) => {
      play.dataset.state = playing ? "playing" : "paused";
      play.setAttribute("aria-label", playing ? "Pause" : "Play");
      slider.value = clock.frame;
      slider.setAttribute("aria-valuetext", `frame ${clock.frame + 1}, ${clock.label(clock.frame)}`);
      output.textContent = clock.label(clock.frame);
    });
    document.addEventListener("keydown", (event) => {
      const busy = event.target.closest("input, select, button, a, summary");
      if (event.key === " " && !busy) {
        event.preventDefault();
        clock.play(!clock.playing);
      }
    });
  }

  // The marker on each curve, and a press on the curve to go to that time.
  document.querySelectorAll("svg.curve").forEach((svg) => {
    const now = svg.querySelector(".now");
    const places = now.dataset.places.split(" ").map(Number);
    clock.listen((position) => {
      const i = Math.min(Math.floor(position), places.length - 1);
      const next = places[Math.min(i + 1, places.length - 1)];
      const x = places[i] + (position - i) * (next - places[i]);
      now.setAttribute("x1", x);
      now.setAttribute("x2", x);
    });
    const go = (event) => {
      const box = svg.getBoundingClientRect();
      const x = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
      const distances = places.map((place) => Math.abs(place - x));
      clock.seek(distances.indexOf(Math.min(...distances)));
    };
    svg.addEventListener("pointerdown", (event) => { svg.setPointerCapture(event.pointerId); go(event); });
    svg.addEventListener("pointermove", (event) => { if (event.buttons) go(event); });
  });
})();

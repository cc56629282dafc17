// Last: a beating heart moves by itself, unless the reader asked for calm or one frame (#frame=7).
(() => {
  const asked = /^#frame=(\d+)$/.exec(location.hash);
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (asked) clock.seek(Number(asked[1]) - 1);
  else if (study.clock.isBeat && !calm && clock.count > 2) clock.play(true);
})();

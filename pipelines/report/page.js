// Draws every chart with the page's own colours, again when the reader's colour scheme changes.
(() => {
  const styles = getComputedStyle(document.documentElement);
  const colour = (name) => styles.getPropertyValue(`--${name}`).trim();
  const dark = matchMedia("(prefers-color-scheme: dark)");

  const config = () => ({
    background: "transparent",
    font: getComputedStyle(document.body).fontFamily,
    view: { stroke: null },
    axis: {
      labelColor: colour("muted"), titleColor: colour("muted"), gridColor: colour("grid"), domainColor: colour("line"),
      tickColor: colour("line"), labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal", titlePadding: 8,
    },
    axisY: { domain: false, ticks: false, labelPadding: 6 },
  });

  // A mark names its look; the colours are those of the page at the moment of drawing.
  const looks = () => ({
    friction: { color: colour("friction"), strokeWidth: 1.75 },
    "friction-band": { color: colour("friction"), opacity: 0.2 },
    rate: { color: colour("rate"), strokeWidth: 1.75 },
    "rate-band": { color: colour("rate"), opacity: 0.2 },
    launch: { color: colour("launch"), strokeDash: [2, 3] },
    worst: { color: colour("friction"), strokeWidth: 1.5 },
    standout: { color: colour("ink") },
    "bar-before": { color: colour("before") },
    "bar-after": { color: colour("friction") },
    expected: { color: colour("expected"), strokeWidth: 1.5 },
    touch: { color: colour("ink"), opacity: 0 },
    zero: { color: colour("expected") },
    interval: { color: colour("friction"), strokeWidth: 2 },
    estimate: { color: colour("friction") },
  });

  const dressed = (spec) => {
    const known = looks();
    const dress = (part) => {
      if (part.mark && known[part.mark.style]) {
        Object.assign(part.mark, known[part.mark.style]);
        delete part.mark.style;
      }
      (part.layer || []).forEach(dress);
      return part;
    };
    return dress(spec);
  };

  const options = () => ({ actions: false, renderer: "svg", config: config(), tooltip: { theme: dark.matches ? "dark" : "light" } });

  const draw = () =>
    Promise.all(
      [...document.querySelectorAll("[data-chart]")].map((place) =>
        vegaEmbed(place, dressed(JSON.parse(document.getElementById(place.dataset.chart).textContent)), options()),
      ),
    ).then(() => document.documentElement.setAttribute("data-drawn", "true"));

  dark.addEventListener("change", draw);
  draw();
})();

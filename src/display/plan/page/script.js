"use strict";
// Unfold and fold all; unfold what a link leads to, and everything for the printer. The page is whole without it.
(function () {
  const steps = Array.from(document.querySelectorAll("details"));
  const tools = document.getElementById("fold");
  const before = new Map();
  function all(open) { for (const step of steps) { step.open = open; } }
  function reach() {
    let at = location.hash.length > 1 ? document.getElementById(location.hash.slice(1)) : null;
    const target = at;
    while (at) { if (at.tagName === "DETAILS") { at.open = true; } at = at.parentElement; }
    if (target) { target.scrollIntoView(); }
  }
  if (tools) {
    tools.hidden = false;
    tools.querySelector("[data-fold=open]").addEventListener("click", function () { all(true); });
    tools.querySelector("[data-fold=shut]").addEventListener("click", function () { all(false); });
  }
  addEventListener("hashchange", reach);
  addEventListener("beforeprint", function () {
    for (const step of steps) { before.set(step, step.open); }
    all(true);
  });
  addEventListener("afterprint", function () {
    for (const step of steps) { step.open = before.get(step) === true; }
  });
  reach();
})();

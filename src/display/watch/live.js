"use strict";
// Brings what is new into the page, and says so when nothing comes any more. What a reader has unfolded stays so.
(function () {
  const at = (id) => document.getElementById(id);
  const [now, report, said, lost] = ["now", "report", "said", "lost"].map(at);
  let last = "";
  function put(into, html) {
    const kept = new Map(Array.from(into.querySelectorAll("details[id]"), (it) => [it.id, it.open]));
    const touched = new Set(Array.from(into.querySelectorAll("details[data-touched]"), (it) => it.id));
    const focused = document.activeElement && into.contains(document.activeElement)
      ? document.activeElement.closest("details[id]") : null;
    const place = focused ? focused.id : null;
    into.innerHTML = html;
    for (const it of into.querySelectorAll("details[id]")) {
      if (touched.has(it.id)) { it.open = kept.get(it.id) === true; it.dataset.touched = ""; }
    }
    const again = place ? at(place) : null;
    if (again) { again.querySelector("summary").focus({ preventScroll: true }); }
  }
  report.addEventListener("click", function (event) {
    const summary = event.target.closest("summary");
    if (summary) { summary.parentElement.dataset.touched = ""; }
  });
  function tell(text) {
    lost.textContent = "";
    lost.hidden = text === "";
    if (text !== "") {
      const line = document.createElement("h2");
      line.textContent = text;
      lost.append(line);
    }
  }
  const events = new EventSource("events");
  events.addEventListener("open", () => tell(""));
  events.addEventListener("error", () => tell("Nothing is heard of the run" + (last ? " since " + last + " UTC" : "")
    + ": what stands below is old. It is tried again."));
  events.addEventListener("trouble", (event) => tell(JSON.parse(event.data).why));
  events.addEventListener("now", function (event) {
    const it = JSON.parse(event.data);
    last = it.at;
    tell("");
    put(now, it.html);
    document.title = it.title;
    if (said.textContent !== it.said) { said.textContent = it.said; }
  });
  events.addEventListener("report", (event) => put(report, JSON.parse(event.data).html));
})();

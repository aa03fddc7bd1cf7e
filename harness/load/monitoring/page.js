"use strict";
// Draws what figures.json tells, every two seconds. Everything that is shown is set as text.

const EVERY_MS = 2000;
const WINDOW_S = 300;
const BIN_S = 10;
const DASH = "–";
const WORDY = ["User class", "Reasons"];
const WORDS = {
  "NOT KNOWN": "No turn has ended yet.",
  VALID: "So far the instrument is fit, and the networks are what they say.",
  DEGRADED: "So far the numbers can be used with care. What speaks against them:",
  INVALID: "So far these numbers are not to be used:",
};
const PARTIES = {
  ours: "us", theirs: "the API", network: "the network", unknown: "not known",
};

const byId = (id) => document.getElementById(id);

function element(tag, text, name) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (name) made.className = name;
  return made;
}

function drawn(tag, attributes, text) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

const milliseconds = (ms, digits = 1) => (ms === null || ms === undefined ? DASH : ms.toFixed(digits));

function duration(seconds) {
  const whole = Math.floor(seconds);
  const rest = String(whole % 60).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}:${rest}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
}

function money(amount) {
  if (amount === null || amount === undefined) return DASH;
  return amount.toFixed(Math.abs(amount) < 1 ? 4 : 2);
}

function card(label, value, unit, under) {
  const made = element("div", undefined, "card");
  const shown = element("p", value, "value");
  if (unit) shown.append(" ", element("span", unit, "unit"));
  made.append(element("p", label, "label"), shown, element("p", under || "", "under"));
  return made;
}

function fill(table, heads, rows) {
  const head = element("tr");
  const kinds = { 0: "name", ...Object.fromEntries(WORDY.map((words) => [heads.indexOf(words), "words"])) };
  heads.forEach((words, at) => head.append(element("th", words, kinds[at] || "")));
  const top = element("thead");
  top.append(head);
  const body = element("tbody");
  body.append(...rows);
  table.replaceChildren(top, body);
}

function percentileCell(found) {
  const cell = element("td");
  if (found.ms === null && found.low !== null && found.why) {
    cell.append(`≥ ${milliseconds(found.low)}`);
  } else {
    cell.append(milliseconds(found.ms));
  }
  if (found.why) cell.title = found.why;
  if (found.ms !== null && found.low !== null) {
    const high = found.high === null ? "…" : milliseconds(found.high);
    cell.append(element("span", `${milliseconds(found.low)} to ${high}`, "interval"));
  }
  return cell;
}

function latencyRows(rows, name) {
  const classes = rows.some((row) => row.user_class);
  return rows.map((row) => {
    const metric = row.metrics[name];
    const line = element("tr", undefined, !row.user_class && !row.network ? "whole" : "");
    line.append(element("td", row.network || "all", "name"));
    if (classes) line.append(element("td", row.user_class || "all", "words"));
    line.append(element("td", String(metric.n)), ...metric.percentiles.map(percentileCell));
    return line;
  });
}

function latencyTables(rows) {
  const classes = rows.some((row) => row.user_class);
  const heads = ["Network", ...(classes ? ["User class"] : []), "Turns", "P50", "P95", "P99"];
  byId("latency").replaceChildren(...Object.entries(rows[0].metrics).map(([name, metric]) => {
    const part = element("div");
    const scroll = element("div", undefined, "scroll");
    const made = element("table");
    scroll.append(made);
    fill(made, heads, latencyRows(rows, name));
    part.append(element("h2", metric.title), scroll);
    return part;
  }));
}

function medians(points) {
  const bins = new Map();
  for (const [at, ms] of points) {
    if (ms === null) continue;
    const bin = Math.floor(at / BIN_S);
    if (!bins.has(bin)) bins.set(bin, []);
    bins.get(bin).push(ms);
  }
  return [...bins.entries()].sort((a, b) => a[0] - b[0]).map(([bin, values]) => {
    values.sort((a, b) => a - b);
    return [(bin + 0.5) * BIN_S, values[Math.floor((values.length - 1) / 2)]];
  });
}

function roundStep(size) {
  const power = 10 ** Math.floor(Math.log10(size));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= size);
}

function picture(points, elapsed) {
  const narrow = window.innerWidth < 640;
  const [width, height, left, right, top, bottom] = narrow
    ? [720, 420, 74, 36, 26, 40] : [1100, 300, 58, 24, 20, 30];
  const heard = points.filter((point) => point[1] !== null).map((point) => point[1]);
  const sorted = [...heard].sort((a, b) => a - b);
  const least = Math.min(0, sorted.length ? sorted[0] : 0);
  const most = sorted.length ? sorted[Math.floor((sorted.length - 1) * 0.99)] * 1.15 : 1000;
  const step = roundStep((most - least) / 4 || 250);
  const [low, high] = [Math.floor(least / step) * step, Math.ceil(most / step) * step];
  const latest = Math.max(elapsed, 30);
  const first = points.length ? points[0][0] - 2 : 0;
  const earliest = Math.max(0, latest - WINDOW_S, Math.min(first, latest - 30));
  const x = (at) => left + ((at - earliest) / (latest - earliest)) * (width - left - right);
  const y = (ms) => top + (1 - (Math.min(ms, high) - low) / (high - low)) * (height - top - bottom);
  const svg = drawn("svg", { viewBox: `0 0 ${width} ${height}`, role: "img" });
  svg.append(drawn("title", {}, `Latency of ${points.length} turns over time`));
  for (let ms = low; ms <= high + step / 2; ms += step) {
    svg.append(drawn("line", { x1: left, x2: width - right, y1: y(ms), y2: y(ms), class: "rule" }));
    svg.append(drawn("text", { x: left - 8, y: y(ms) + 4, "text-anchor": "end" }, String(Math.round(ms))));
  }
  const tick = latest - earliest > 120 ? 60 : latest - earliest > 60 ? 30 : 10;
  for (let at = Math.ceil(earliest / tick) * tick; at <= latest; at += tick) {
    const text = { x: x(at), y: height - 8, "text-anchor": "middle" };
    svg.append(drawn("text", text, duration(at)));
  }
  for (const [at, ms, kind] of points) {
    if (ms !== null) {
      const name = kind === "fine" ? "dot" : "broken";
      svg.append(drawn("circle", { cx: x(at), cy: y(ms), r: 3, class: name }));
    } else if (kind !== "fine") {
      const [a, b] = [x(at), top - 8];
      const path = `M${a - 4} ${b - 4}L${a + 4} ${b + 4}M${a - 4} ${b + 4}L${a + 4} ${b - 4}`;
      svg.append(drawn("path", { d: path, class: "cross" }));
    }
  }
  const line = medians(points).map(([at, ms]) => `${x(Math.min(at, latest))},${y(ms)}`);
  svg.append(drawn("polyline", { points: line.join(" "), class: "median" }));
  byId("picture").replaceChildren(svg);
}

function cards(figures) {
  const { calls, turns, cost, lateness } = figures;
  const whole = Object.values(figures.rows[0].metrics)[0];
  const [p50, p95] = whole.percentiles;
  const failed = figures.failures.reduce((sum, one) => sum + one.n, 0);
  const ours = figures.failures.filter((one) => one.party === "ours").reduce((s, one) => s + one.n, 0);
  const basis = cost.simulated ? "at list prices; nothing is billed"
    : cost.basis === "usage" ? "as the provider counted" : "estimated from speech: a floor";
  const planned = calls.planned === null ? "" : `of ${calls.planned} planned`;
  const again = [[calls.failed, "failed"], [calls.refusals, "refused"], [calls.reconnects, "reopened"]]
    .filter(([count]) => count).map(([count, words]) => `${count} ${words}`);
  const made = [
    card(`${whole.title}, P50`, milliseconds(p50.ms), p50.ms === null ? "" : "ms", p50.why),
    card("P95", milliseconds(p95.ms), p95.ms === null ? "" : "ms", p95.why),
    card("Calls open", String(calls.open), "", ""),
    card("Calls ended", String(calls.ended), planned, again.join(", ")),
    card("Turns", String(turns.n), "", `${failed} failed${ours ? `, ${ours} of them through us` : ""}`),
    card("Frame lateness, P99", lateness ? milliseconds(lateness.p99_ms, 2) : DASH,
      lateness ? "ms" : "", lateness ? `worst ${milliseconds(lateness.max_ms)} ms; our own` : ""),
    card("Cost so far", money(cost.total), cost.total === null ? "" : cost.currency,
      cost.total === null ? cost.why : `${cost.partial ? "and more; " : ""}${basis}`),
    card("Cost per hour", money(cost.per_hour), cost.per_hour === null ? "" : cost.currency,
      "at the present rate"),
  ];
  if (figures.checks.length) {
    const wrong = figures.checks.reduce((sum, one) => sum + one.failed, 0);
    const all = figures.checks.reduce((sum, one) => sum + one.n, 0);
    made.push(card("Checks failed", String(wrong), `of ${all}`, "beside latency, never in it"));
  }
  byId("cards").replaceChildren(...made);
}

let told = "";

function verdict(validity, ended) {
  const { state, reasons } = validity || { state: "NOT KNOWN", reasons: [] };
  // A screen reader reads it out: only when something has changed.
  const now = JSON.stringify([state, reasons, ended]);
  if (now === told) return;
  told = now;
  byId("verdict").className = `verdict ${validity ? state.toLowerCase() : "unknown"}`;
  byId("state").textContent = state;
  const words = WORDS[state] || "";
  byId("state-words").textContent = ended ? words.replace("So far t", "T") : words;
  byId("reasons").replaceChildren(...reasons.map((words) => element("li", words)));
}

function show(figures) {
  const name = `${figures.scenario}, ${duration(figures.elapsed_s)}${figures.ended ? ", ended" : ""}`;
  document.title = `${figures.scenario}: voice`;
  byId("title").textContent = name;
  byId("subtitle").textContent = [figures.target, figures.model, figures.run].filter(Boolean).join(" · ");
  verdict(figures.validity, figures.ended);
  cards(figures);
  picture(figures.points, figures.elapsed_s);
  latencyTables(figures.rows);
  fill(byId("statuses"), ["Status", "Turns"], Object.entries(figures.turns.by_status).map(([status, n]) => {
    const line = element("tr");
    line.append(element("td", status.replaceAll("_", " "), "name"), element("td", String(n)));
    return line;
  }));
  const none = element("tr");
  none.append(element("td", "none", "name"));
  fill(byId("failures"), ["Through", "Turns", "Reasons"], !figures.failures.length ? [none] : figures.failures.map(({ party, n, codes }) => {
    const line = element("tr");
    const words = Object.entries(codes).map(([code, count]) => `${code} (${count})`).join(", ");
    line.append(element("td", PARTIES[party] || party, "name"), element("td", String(n)));
    line.append(element("td", words, "words"));
    return line;
  }));
  byId("expected").hidden = !figures.checks.length;
  fill(byId("checks"), ["Check", "Looked at", "Failed"], figures.checks.map(({ what, n, failed }) => {
    const line = element("tr");
    line.append(element("td", what, "name"), element("td", String(n)), element("td", String(failed)));
    return line;
  }));
  byId("run").hidden = false;
}

async function refresh() {
  try {
    const answer = await fetch("figures.json", { cache: "no-store" });
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    const figures = await answer.json();
    byId("refused").hidden = !figures.refused;
    byId("refused").textContent = `The run that was asked for cannot begin: ${figures.refused}`;
    if (figures.run) show(figures);
    document.body.dataset.seen = figures.run ? "run" : "none";
  } catch (error) {
    byId("subtitle").textContent = `No answer from Locust (${error.message}). What is shown is the last that came.`;
  }
  setTimeout(refresh, EVERY_MS);
}

refresh();

"use strict";
// Everything on the page is there without this script. It adds sorting, and hiding of networks.

// A number as the page writes it, in the first line of a cell; text where it is none.
function value(cell) {
  const text = (cell.firstChild ? cell.firstChild.textContent : "").trim();
  const number = Number(text.replace(/[\s%≥]/g, "").replace("\u2212", "-"));
  return text && !Number.isNaN(number) ? number : text;
}

function order(one, other) {
  if (typeof one === typeof other) return one < other ? -1 : one > other ? 1 : 0;
  return typeof one === "number" ? -1 : 1;
}

function sort(table, column, head) {
  const direction = head.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", direction);
  const body = table.tBodies[0];
  const rows = [...body.rows].filter(row => !row.classList.contains("total"));
  const sign = direction === "ascending" ? 1 : -1;
  rows.sort((a, b) => sign * order(value(a.cells[column]), value(b.cells[column])));
  for (const row of rows.reverse()) body.prepend(row);
}

for (const table of document.querySelectorAll("table")) {
  if (table.tBodies[0].rows.length < 3) continue;
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    button.title = "Sort by this column";
    button.addEventListener("click", () => sort(table, column, head));
    head.replaceChildren(button);
  });
}

// Elements of figures that belong to the n-th network have an identifier that ends in "stratum-n".
function show(index, name, shown) {
  for (const part of document.querySelectorAll(`svg g[id$="-stratum-${index}"]`))
    part.classList.toggle("off", !shown);
  for (const head of document.querySelectorAll("tbody th"))
    if (head.textContent === name) head.parentElement.classList.toggle("off", !shown);
}

const networks = JSON.parse(document.body.dataset.networks);
if (networks.length > 1) {
  const box = document.createElement("fieldset");
  box.className = "strata";
  const legend = document.createElement("legend");
  legend.textContent = "Show";
  box.append(legend);
  networks.forEach((name, index) => {
    const label = document.createElement("label");
    const input = document.createElement("input");
    input.type = "checkbox";
    input.checked = true;
    input.addEventListener("change", () => show(index, name, input.checked));
    label.append(input, " ", name);
    box.append(label);
  });
  document.querySelector(".cards").after(box);
}

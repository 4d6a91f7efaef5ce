// Tables of a report: a click on a head sorts, a button saves as CSV, on paper a wide one is parted. The only script a report
// runs: its page says so by hash.
"use strict";
const number = (text) => {
  const plain = text.replace(/[,\s%×]/g, "");
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?[a-zA-Zµ/]*$/.test(plain) ? parseFloat(plain) : NaN;
};
const compare = (one, other) => {
  const a = number(one), b = number(other);
  if (Number.isNaN(a) !== Number.isNaN(b)) return Number.isNaN(a) ? 1 : -1;
  return Number.isNaN(a) ? one.localeCompare(other) : a - b;
};
const textOf = (cell) => (cell ? cell.textContent.trim() : "");
// what a spreadsheet would run as a formula is told apart from a negative number and quoted as text
const quoted = (text) => `"${(/^[=+\-@\t]/.test(text) && Number.isNaN(number(text)) ? "'" + text : text).replace(/"/g, '""')}"`;

const PAPER_PX = 690; // between the margins of A4
const COLUMN_PX = 80; // on paper, where its words can be broken into lines
const widths = (table, measure) => {
  table.classList.add("paper", measure);
  const found = [...table.rows[0].cells].map((cell) => cell.getBoundingClientRect().width);
  table.classList.remove("paper", measure);
  return found;
};
// Places of columns by table to print: as many as fit a page, the first one, which names the row, in each
const parts = (table) => {
  const narrowest = widths(table, "narrowest");
  const columns = widths(table, "widest").map((wide, place) => Math.max(narrowest[place], Math.min(wide, COLUMN_PX)));
  const found = [[0]];
  let used = columns[0];
  for (let place = 1; place < columns.length; place += 1) {
    if (used + columns[place] > PAPER_PX && found.at(-1).length > 1) {
      found.push([0]);
      used = columns[0];
    }
    found.at(-1).push(place);
    used += columns[place];
  }
  return found;
};
const part = (table, places) => {
  const copy = table.cloneNode(true);
  for (const row of copy.rows) [...row.cells].forEach((cell, place) => { if (!places.includes(place)) cell.remove(); });
  copy.classList.add("paper", "part");
  return copy;
};
addEventListener("beforeprint", () => {
  for (const table of document.querySelectorAll(".output_html table")) {
    const columns = table.rows[0] ? table.rows[0].cells.length : 0;
    if (columns < 2 || [...table.rows].some((row) => row.cells.length !== columns)) { // cells that span others
      table.classList.add("paper");
      continue;
    }
    table.before(...parts(table).map((places) => part(table, places)));
    table.hidden = true;
  }
});
addEventListener("afterprint", () => {
  for (const copy of document.querySelectorAll("table.part")) copy.remove();
  for (const table of document.querySelectorAll(".output_html table")) {
    table.hidden = false;
    table.classList.remove("paper");
  }
});

for (const table of document.querySelectorAll(".output_html table")) {
  for (const cell of table.querySelectorAll("tbody th, td")) {
    const length = textOf(cell).length;
    if (length < 20) cell.classList.add("whole");
    else if (cell.cellIndex === 0 && length < 50) cell.classList.add("name");
    else if (length > 40) cell.classList.add("long");
  }
  const body = table.tBodies[0], head = table.tHead && table.tHead.rows[0];
  if (!head || !body) continue;
  if (body.rows.length > 1 && table.tHead.rows.length === 1) {
    [...head.cells].forEach((cell, column) => {
      const sort = () => {
        const up = cell.getAttribute("aria-sort") !== "ascending";
        for (const other of head.cells) other.removeAttribute("aria-sort");
        cell.setAttribute("aria-sort", up ? "ascending" : "descending");
        const rows = [...body.rows].sort((a, b) => compare(textOf(a.cells[column]), textOf(b.cells[column])));
        body.append(...(up ? rows : rows.reverse()));
      };
      cell.classList.add("sorts");
      cell.tabIndex = 0;
      cell.addEventListener("click", sort);
      cell.addEventListener("keydown", (event) => { if (event.key === "Enter") sort(); });
    });
  }
  const save = document.createElement("button");
  save.className = "csv";
  save.textContent = "save as CSV";
  save.addEventListener("click", () => {
    const lines = [...table.rows].map((row) => [...row.cells].map((cell) => quoted(textOf(cell))).join(","));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(["\ufeff" + lines.join("\r\n")], { type: "text/csv" }));
    link.download = `${document.title.replace(/\W+/g, "-").toLowerCase()}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
  table.after(save);
}

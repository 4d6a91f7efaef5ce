// Tables of a report: a click on a head sorts, a button saves as CSV. The only script a report runs: its page says so by hash.
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

for (const table of document.querySelectorAll(".output_html table")) {
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

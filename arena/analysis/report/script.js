"use strict";
(function () {
  var all = function (root, query) { return Array.prototype.slice.call(root.querySelectorAll(query)); };

  // Tables whose head holds buttons: sort by a column, numbers by value, a second press the other way round.
  var key = function (row, column) {
    var text = row.cells[column].textContent.trim();
    var number = parseFloat(text.replace(/,/g, ""));
    return { text: text, number: isNaN(number) ? null : number };
  };
  all(document, "table.sortable").forEach(function (table) {
    all(table, "thead th").forEach(function (head, column, heads) {
      head.querySelector("button").addEventListener("click", function () {
        var down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach(function (other) { other.setAttribute("aria-sort", "none"); });
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        var rows = all(table.tBodies[0], "tr").map(function (row, place) {
          return { row: row, key: key(row, column), place: place };
        });
        rows.sort(function (a, b) {
          var found;
          if (a.key.number !== null && b.key.number !== null) { found = a.key.number - b.key.number; }
          else if (a.key.number === null && b.key.number === null) { found = a.key.text < b.key.text ? -1 : a.key.text > b.key.text ? 1 : 0; }
          else { return a.key.number === null ? 1 : -1; } // what has no value stands last either way
          return (down ? -found : found) || a.place - b.place;
        });
        rows.forEach(function (one) { table.tBodies[0].appendChild(one.row); });
      });
    });
  });

  // The list of matches: filters, search, order.
  var list = document.getElementById("list");
  if (list) {
    var bar = document.getElementById("filter");
    var selects = all(bar, "select[data-facet]");
    var order = document.getElementById("order");
    var search = document.getElementById("search");
    var count = document.getElementById("count");
    var chunks = all(list, ".chunk");
    var items = null;
    var read = function () { // once, when first asked: a page that is only read pays nothing
      items = items || all(list, ".m").map(function (node, place) {
        var line = node.querySelector("summary") || node;
        return { node: node, place: place, facets: node.getAttribute("data-k").split(" "), text: null, line: line,
          mean: parseFloat((/mean ([-0-9.]+[0-9])/.exec(line.textContent) || [])[1]) };
      });
      return items;
    };
    var apply = function () {
      var words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      var shown = 0;
      read().forEach(function (item) {
        var keep = selects.every(function (select, place) { return !select.value || item.facets[place] === select.value; });
        if (keep && words.length) {
          item.text = item.text || item.node.textContent.toLowerCase();
          keep = words.every(function (word) { return item.text.indexOf(word) >= 0; });
        }
        item.node.hidden = !keep;
        shown += keep ? 1 : 0;
      });
      chunks.forEach(function (chunk) { chunk.hidden = !chunk.querySelector(".m:not([hidden])"); });
      count.textContent = shown + " of " + items.length + " " + bar.getAttribute("aria-label") + " shown";
    };
    var sort = function () {
      var way = order.value;
      var sorted = read().slice().sort(function (a, b) {
        if (way && isNaN(a.mean) !== isNaN(b.mean)) { return isNaN(a.mean) ? 1 : -1; }
        var found = way === "up" ? a.mean - b.mean : way === "down" ? b.mean - a.mean : 0;
        return found || a.place - b.place;
      });
      var size = Math.ceil(sorted.length / Math.max(1, chunks.length));
      sorted.forEach(function (item, place) { chunks[Math.floor(place / size)].appendChild(item.node); });
      apply();
    };
    selects.forEach(function (select) { select.addEventListener("change", apply); });
    search.addEventListener("input", apply);
    if (order) { order.addEventListener("change", sort); } // scores on unlike scales have no mean to sort by
    bar.hidden = false;

    // A link to a match opens it, also where a filter hid it.
    var open = function () {
      var target = /^#m[0-9]+$/.test(location.hash) && document.getElementById(location.hash.slice(1));
      if (!target) { return; }
      for (var node = target; node; node = node.parentElement) {
        if (node.tagName === "DETAILS") { node.open = true; }
        if (node.hidden) { node.hidden = false; }
      }
      target.scrollIntoView();
    };
    window.addEventListener("hashchange", open);
    open();
  }
})();

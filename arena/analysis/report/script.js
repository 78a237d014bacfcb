"use strict";
(function () {
  var all = function (root, query) { return Array.prototype.slice.call(root.querySelectorAll(query)); };
  var number = function (text) { var found = parseFloat(text.replace(/[,$]/g, "")); return isNaN(found) ? null : found; };
  // Rows without a value come last in both directions; equal ones keep the order of the plan.
  var sorter = function (down) {
    return function (a, b) {
      if ((a.number === null) !== (b.number === null)) { return a.number === null ? 1 : -1; }
      var found = a.number !== null ? a.number - b.number : a.text < b.text ? -1 : a.text > b.text ? 1 : 0;
      return (down ? -found : found) || a.place - b.place;
    };
  };

  // Tables of units: the buttons in the head sort by a column, a second press the other way round; filters above.
  all(document, ".sorted").forEach(function (box) {
    var table = box.querySelector("table");
    var heads = all(table, "thead th");
    var rows = all(table.tBodies[0], "tr");
    var bar = box.querySelector(".filter");
    var selects = all(bar, "select[data-c]");
    var order = bar.querySelector("select:not([data-c])");
    var count = bar.querySelector("output");
    var sort = function (column, down) {
      heads.forEach(function (head, place) {
        head.setAttribute("aria-sort", place !== column ? "none" : down ? "descending" : "ascending");
      });
      var found = rows.map(function (row, place) {
        var text = column < 0 ? "" : row.cells[column].textContent.trim();
        return { row: row, place: place, text: text, number: number(text) };
      });
      found.sort(sorter(down)).forEach(function (one) { table.tBodies[0].appendChild(one.row); });
    };
    var apply = function () {
      var shown = 0;
      rows.forEach(function (row) {
        row.hidden = !selects.every(function (select) {
          return !select.value || row.cells[+select.getAttribute("data-c")].textContent === select.value;
        });
        shown += row.hidden ? 0 : 1;
      });
      count.textContent = shown + " of " + rows.length + " shown";
    };
    heads.forEach(function (head, column) {
      head.querySelector("button").addEventListener("click", function () {
        order.value = "";
        sort(column, head.getAttribute("aria-sort") === "ascending");
      });
    });
    selects.forEach(function (select) { select.addEventListener("change", apply); });
    order.addEventListener("change", function () {
      var way = order.value.split(" ");
      sort(order.value ? +way[0] : -1, way[1] === "down");
    });
    bar.hidden = false;
    apply();
  });

  // The list of matches: filters, search, order.
  var list = document.getElementById("list");
  if (list) {
    var bar = document.getElementById("filter");
    var selects = all(bar, "select[data-facet]");
    var order = document.getElementById("order");
    var search = document.getElementById("search");
    var count = document.getElementById("count");
    var buttons = all(document, ".m-head button");
    var chunks = all(list, ".chunk");
    var items = null;
    var read = function () { // once, when first asked: a page that is only read pays nothing
      items = items || all(list, ".m").map(function (node, place) {
        return { node: node, place: place, facets: node.getAttribute("data-k").split(" "), words: null,
          line: node.querySelector("summary") || node };
      });
      return items;
    };
    // Seconds differ between equal runs, so they are in the marked section and are found by number.
    var lines = all(list, ".m");
    all(document, ".seconds").forEach(function (known) {
      known.textContent.split(" ").forEach(function (pair) {
        var cut = pair.indexOf(":");
        lines[+pair.slice(0, cut)].querySelector(".c-s").textContent = pair.slice(cut + 1) + "\u00a0s";
      });
    });
    var apply = function () {
      var words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      var shown = 0;
      read().forEach(function (item) {
        var keep = selects.every(function (select, place) { return !select.value || item.facets[place] === select.value; });
        if (keep && words.length) {
          item.words = item.words || item.node.textContent.toLowerCase();
          keep = words.every(function (word) { return item.words.indexOf(word) >= 0; });
        }
        item.node.hidden = !keep;
        shown += keep ? 1 : 0;
      });
      chunks.forEach(function (chunk) { chunk.hidden = !chunk.querySelector(".m:not([hidden])"); });
      count.textContent = shown + " of " + items.length + " " + bar.getAttribute("aria-label") + " shown";
    };
    var sort = function () {
      var way = order.value.split(" ");
      var cell = way[0] && ".c-" + way[0];
      var sorted = read().map(function (item) {
        var found = cell && item.line.querySelector(cell);
        var text = found ? found.textContent.trim() : "";
        return { item: item, place: item.place, text: text, number: "ou".indexOf(way[0]) >= 0 ? null : number(text) };
      }).sort(sorter(way[1] === "down"));
      var size = Math.ceil(sorted.length / Math.max(1, chunks.length));
      sorted.forEach(function (one, place) { chunks[Math.floor(place / size)].appendChild(one.item.node); });
      buttons.forEach(function (button) {
        button.classList.toggle("up", button.getAttribute("data-s") + " up" === order.value);
        button.classList.toggle("down", button.getAttribute("data-s") + " down" === order.value);
      });
      apply();
    };
    buttons.forEach(function (button) {
      button.addEventListener("click", function () {
        var way = button.getAttribute("data-s") + (button.classList.contains("up") ? " down" : " up");
        if (!all(order, "option").some(function (option) { return option.value === way; })) {
          var option = document.createElement("option");
          option.value = way;
          option.textContent = button.textContent.toLowerCase() + (/up$/.test(way) ? ", upwards" : ", downwards");
          order.appendChild(option);
        }
        order.value = way;
        sort();
      });
      button.parentNode.hidden = false;
    });
    selects.forEach(function (select) { select.addEventListener("change", apply); });
    search.addEventListener("input", apply);
    if (order) { order.addEventListener("change", sort); } // scores on unlike scales have no mean to sort by
    bar.hidden = false;

    // A link to a match or a turn opens the match, even if a filter hid it.
    var open = function () {
      var target = /^#m[0-9]+(-t[0-9]+)?$/.test(location.hash) && document.getElementById(location.hash.slice(1));
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

// The board: asks once a second what there is, while the page is seen, and shows it. Text is only ever set as text.
"use strict";

const SECONDS = 1000;
const COLOURS = { Pending: "#8a6d00", Processed: "#1a7f4b", Failed: "#b3261e" };
const element = (id) => document.getElementById(id);
let seen = new Set();
// login.js is there where the board is for admins.
const get = typeof fetchAsAdmin === "function" ? fetchAsAdmin : fetch;
let chart = null;

function make(tag, text = "", className = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function time(at) {
  return at ? new Date(at).toLocaleTimeString([], { hour12: false }) : "";
}

function tile(name, value, isBad = false) {
  const made = make("div", "", isBad ? "bad" : "");
  made.append(make("dt", name), make("dd", String(value)));
  return made;
}

function showNumbers(board) {
  const { queue, dependencies, orders } = board;
  const unknown = "?";
  const counted = (state) => orders.filter((order) => order.mail === state).length;
  element("numbers").replaceChildren(
    tile("Unfinished", orders.filter((order) => order.unfinished).length),
    tile("Queue", queue ? queue.waiting : unknown, !queue),
    tile("In flight", queue ? queue.inFlight : unknown, !queue),
    tile("Dead letters", queue ? queue.dead : unknown, !queue || queue.dead > 0),
    tile("Mails due", counted("due") + counted("claimed") + counted("unknown")),
    tile("Mails refused", counted("refused"), counted("refused") > 0),
    ...Object.entries(dependencies).map(([name, state]) => tile(name, state, state !== "up")),
  );
  const workers = board.workers;
  element("workers").textContent = workers.length
    ? `${workers.length === 1 ? "One worker" : `${workers.length} workers`}: ${workers.join(", ")}.`
    : "No worker has been seen for 15 s.";
  if (board.mailsHeld) element("workers").textContent += ` Mails are held: ${board.mailsHeld}.`;
}

function orderCard(order) {
  const card = make("li", "", seen.size && !seen.has(order.orderId) ? "new" : "");
  const link = make("a");
  link.href = `#order=${encodeURIComponent(order.orderId)}`;
  const status = make("b", order.status, `status ${order.status.toLowerCase()}`);
  const what = make("span", [order.items, order.customer].filter(Boolean).join(" · "));
  const mail = order.mail ? `mail ${order.mail}${order.delivery ? `, ${order.delivery}` : ""}` : "";
  const rest = [order.reason, mail, time(order.createdAt)].filter(Boolean).join(" · ");
  link.append(status, what, make("span", rest, "soft"));
  card.append(link);
  return card;
}

function productCard(product) {
  const card = make("li", "", "product");
  card.append(make("span", product.productId));
  card.append(make("span", `${product.stock} free, ${product.held} held, ${product.sold} sold`, "soft number"));
  return card;
}

function showChart(rows) {
  // Stacked: each bar reaches to the sum of its own and those below, the largest drawn first. None where nothing is.
  const names = Object.keys(COLOURS);
  const upTo = (row, first) => names.slice(first).reduce((sum, name) => sum + row[name], 0);
  const data = [
    rows.map((row) => row.at),
    ...names.map((name, place) => rows.map((row) => (row[name] ? upTo(row, place) : null))),
  ];
  const text = getComputedStyle(document.body).color;
  const width = element("chart").clientWidth - 16;
  if (chart) {
    chart.setData(data);
    if (chart.width !== width) chart.setSize({ width, height: 180 });
    return;
  }
  const grid = { stroke: "#8884", width: 1 };
  const bars = uPlot.paths.bars({ size: [0.8, 12] });
  chart = new uPlot(
    {
      width,
      height: 180,
      cursor: { show: false },
      legend: { live: false },
      scales: { y: { range: (_, least, most) => [0, Math.max(most, 4)] } },
      axes: [
        { stroke: text, grid, space: 60, incrs: [60, 120, 300], values: (_, splits) => splits.map((at) => time(at * 1000).slice(0, 5)) },
        { stroke: text, grid, size: 40 },
      ],
      series: [
        {},
        ...Object.entries(COLOURS).map(([label, stroke]) => ({ label, stroke, fill: `${stroke}99`, paths: bars, points: { show: false } })),
      ],
    },
    data,
    element("chart"),
  );
}

function show(board) {
  showNumbers(board);
  element("orders").replaceChildren(...board.orders.map(orderCard));
  if (!board.orders.length) element("orders").append(make("li", "No order yet: place one, and it appears here."));
  element("products").replaceChildren(...board.products.map(productCard));
  seen = new Set(board.orders.map((order) => order.orderId));
  showChart(board.chart);
}

async function ask(path) {
  const answer = await get(path, { headers: { Accept: "application/json" }, cache: "no-cache" });
  if (answer.status === 404) throw new Error("Nothing is found for that.");
  if (!answer.ok) throw new Error((await answer.json()).detail || `status ${answer.status}`);
  return answer.json();
}

async function look() {
  if (!document.hidden && !element("login")?.open) {
    try {
      show(await ask("/dev/board.json"));
      element("state").textContent = "Live: once a second.";
    } catch (error) {
      const silent = error instanceof TypeError; // fetch's, where nobody answers
      element("state").textContent = silent ? "The API does not answer. Asking again ..." : error.message;
    }
  }
  setTimeout(look, SECONDS);
}

async function lookAtAudit() {
  if (!document.hidden) {
    try {
      const { findings, more } = await ask("/dev/audit.json");
      const lines = findings.map((finding) => make("li", finding));
      if (more) lines.push(make("li", "And more: flask audit."));
      element("audit").replaceChildren(...(lines.length ? lines : [make("li", "All is well.")]));
    } catch (error) {
      element("audit").replaceChildren(make("li", `Nothing can be read: ${error.message}`));
    }
  }
  setTimeout(lookAtAudit, 5 * SECONDS);
}

async function openTimeline() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  const dialog = element("timeline");
  if (!wanted.has("order")) {
    dialog.close();
    return;
  }
  element("facts").replaceChildren();
  element("steps").replaceChildren();
  try {
    const found = await ask(`/dev/timeline.json?q=${encodeURIComponent(wanted.get("order"))}`);
    element("timeline-title").textContent = `Order ${found.orderId}`;
    for (const [name, value] of Object.entries(found.facts)) {
      element("facts").append(make("dt", name), make("dd", value));
    }
    for (const step of found.steps) {
      const line = make("li", "", step.kind);
      line.append(make("time", time(step.at)), make("span", step.text));
      element("steps").append(line);
    }
  } catch (error) {
    element("timeline-title").textContent = error.message;
  }
  if (!dialog.open) dialog.showModal();
}

element("search").addEventListener("submit", (event) => {
  event.preventDefault();
  location.hash = `order=${encodeURIComponent(element("query").value.trim())}`;
});
element("close").addEventListener("click", () => element("timeline").close());
element("timeline").addEventListener("close", () => {
  if (location.hash) history.replaceState(null, "", location.pathname);
});
addEventListener("hashchange", openTimeline);
look();
if (element("audit")) lookAtAudit();
openTimeline();

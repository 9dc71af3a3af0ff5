// Logs an admin in, where the board is for admins. The tokens live as long as this tab, and are sent to this server alone.
"use strict";

const TOKENS = "board.tokens";
const tokens = () => JSON.parse(sessionStorage.getItem(TOKENS) || "{}");

async function post(path, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const { token, refreshToken, detail } = await answer.json();
  if (answer.ok) sessionStorage.setItem(TOKENS, JSON.stringify({ token, refreshToken }));
  return { ok: answer.ok, detail };
}

// Once for all who ask meanwhile: a refresh token counts once.
let refreshing = null;
function refresh() {
  const { refreshToken } = tokens();
  if (!refreshToken) return false;
  refreshing ??= post("/api/auth/refresh", { refreshToken }).finally(() => (refreshing = null));
  return refreshing.then(({ ok }) => ok);
}

// As fetch, with the admin's token; asks for a login where there is none, or none that counts.
async function fetchAsAdmin(path, options, again = true) {
  const { token } = tokens();
  const headers = token ? { ...options.headers, Authorization: `Bearer ${token}` } : options.headers;
  const answer = await fetch(path, { ...options, headers });
  if (answer.status === 401 && again && (await refresh())) return fetchAsAdmin(path, options, false);
  if (answer.status === 401) askForLogin("The board is for admins.");
  if (answer.status === 403) askForLogin((await answer.clone().json()).detail);
  return answer;
}

function askForLogin(why) {
  sessionStorage.removeItem(TOKENS);
  if (element("login").open) return;
  element("login-state").textContent = why;
  element("login").showModal();
}

document.getElementById("credentials").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { ok, detail } = await post("/api/auth/login", {
    email: document.getElementById("email").value,
    password: document.getElementById("password").value,
  });
  document.getElementById("password").value = "";
  if (!ok) {
    element("login-state").textContent = detail;
    return;
  }
  element("login").close();
  openTimeline();
});

// Has something broken on purpose, in the local stack. The board's page loads it where that can be done.
"use strict";

const cards = new Map(); // by the fault's name: what of its card changes

function faultCard(fault) {
  const card = make("li", "", "fault");
  const button = make("button");
  button.id = fault.name;
  const text = make("div");
  text.append(make("p", `Clients see: ${fault.shows}`), make("p", `What mends it: ${fault.recovers}`, "soft"));
  card.append(button, text);
  element("faults").append(card);
  return { card, button };
}

// A card that is there already is changed, not drawn anew: else a click or the keyboard's focus would be lost.
function showFaults(faults) {
  for (const fault of faults) {
    if (!cards.has(fault.name)) cards.set(fault.name, faultCard(fault));
    const { card, button } = cards.get(fault.name);
    card.classList.toggle("broken", fault.secondsLeft > 0);
    button.textContent = fault.secondsLeft ? `Mend it (${fault.secondsLeft} s left)` : fault.title;
    button.onclick = () => change(fault, button);
  }
}

async function change(fault, button) {
  const tell = (text) => (element("break-state").textContent = text);
  const wasBroken = fault.secondsLeft > 0;
  button.disabled = true;
  try {
    const answer = await fetch(`/dev/break/${fault.name}`, { method: wasBroken ? "DELETE" : "PUT" });
    const body = await answer.json();
    tell(answer.ok ? `Done: ${wasBroken ? "mended" : fault.title.toLowerCase()}.` : body.detail);
    if (answer.ok) showFaults(body.data);
  } catch (error) {
    tell("The API does not answer: it is being started again.");
  }
  button.disabled = false;
}

async function lookAtFaults() {
  if (!document.hidden) {
    try {
      showFaults((await ask("/dev/break")).data);
    } catch (error) {
      element("break-state").textContent = error.message;
    }
  }
  setTimeout(lookAtFaults, SECONDS);
}

lookAtFaults();

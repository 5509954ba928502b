// One key, one act; `?` shows which. Whoever does not want that turns it off there. Nothing needs it.
(() => {
  "use strict";

  const OFF = "aiops-keys-off";
  const dialog = document.getElementById("keys");
  const act = document.getElementById("keys-act");
  if (!dialog) return;

  const isOff = () => { try { return localStorage.getItem(OFF) !== null; } catch { return false; } };
  const turn = (on) => { try { on ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "1"); } catch { /* only for this page, then */ } };
  const say = (text) => {
    const said = document.getElementById("said");
    if (said) said.replaceChildren(Object.assign(document.createElement("span"), { textContent: text }));
  };

  const rows = () => [...document.querySelectorAll("a.row-link")];
  const step = (by) => {
    const links = rows();
    const here = links.indexOf(document.activeElement);
    const next = links[here < 0 ? (by > 0 ? 0 : links.length - 1) : here + by];
    if (!next) return;
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  };

  // On an incident's page its own button is pressed; in the list it is about the row that has the focus.
  const DONE = { resolve: "Resolved", mute: "Muted", reopen: "Reopened" };
  const change = async (what) => {
    const button = document.querySelector(`#incident-head [data-testid="${what}"]`);
    if (button) return button.click();
    const row = document.activeElement?.closest("[data-incident-id]");
    if (!row) return;
    const csrf = document.querySelector('input[name="csrf"]').value;
    const address = `/incidents/${row.dataset.incidentId}/${what}`;
    const title = row.querySelector("a.row-link").textContent;
    try {
      const answer = await fetch(address, { method: "POST", body: new URLSearchParams({ csrf }), redirect: "manual" });
      if (answer.type !== "opaqueredirect" && !answer.ok) throw new Error(answer.status);
      say(`${DONE[what]}: ${title}`);
    } catch {
      say("That did not work. Reload the page and try again.");
    }
  };
  const follow = (selector) => document.querySelector(selector)?.click();
  const find = () => {
    const field = document.getElementById("text");
    if (!field) return location.assign("/incidents");
    field.focus();
    field.select();
  };

  const ONE = {
    j: () => step(1),
    k: () => step(-1),
    e: () => change("resolve"),
    m: () => change("mute"),
    o: () => change("reopen"),
    c: () => follow('[data-testid="ticket"]'),
    "[": () => follow('a[rel="prev"]'),
    "]": () => follow('a[rel="next"]'),
    "/": find,
  };
  const TWO = { o: "/", i: "/incidents", s: "/services", j: "/jobs", u: "/setup", t: "/settings" };

  let goes = 0;
  const isTyping = (target) => target.closest("input, textarea, select, [contenteditable]") !== null;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event.target) || dialog.open) return;
    if (event.key === "?") {
      event.preventDefault();
      return dialog.showModal();
    }
    if (isOff()) return;
    const isSecond = Date.now() - goes < 1500;
    goes = event.key === "g" ? Date.now() : 0;
    const place = isSecond ? TWO[event.key] : undefined;
    const does = place ? () => location.assign(place) : ONE[event.key];
    if (!does) return;
    event.preventDefault();
    does();
  });

  act.checked = !isOff();
  act.addEventListener("change", () => turn(act.checked));
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  for (const button of document.querySelectorAll("[data-keys]")) {
    button.hidden = false;
    button.addEventListener("click", () => dialog.showModal());
  }
})();

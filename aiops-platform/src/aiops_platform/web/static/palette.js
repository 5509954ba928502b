// The palette: Ctrl-K (⌘K), some letters, Enter. It leads anywhere, and presses the buttons of the page that is open. Nothing needs it.
(() => {
  "use strict";

  const dialog = document.getElementById("palette");
  if (!dialog?.showModal) return;
  const field = dialog.querySelector("input");
  const list = dialog.querySelector('[role="listbox"]');
  const none = dialog.querySelector(".palette-none");
  const status = dialog.querySelector('[role="status"]');
  const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
  const isOff = () => { try { return localStorage.getItem("aiops-keys-off") !== null; } catch { return false; } };

  let waiting;
  let asking;
  // Whether what is listed is not yet what the text means; and what Enter is to do as soon as it is.
  let isStale = false;
  let then = null;

  const options = () => [...list.querySelectorAll('[role="option"]')];
  const chosen = () => list.querySelector('[aria-selected="true"]');
  const choose = (option) => {
    for (const each of options()) each.setAttribute("aria-selected", String(each === option));
    if (!option) return field.removeAttribute("aria-activedescendant");
    field.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  };

  // What the page's own buttons do, where each word is in their name.
  const acts = (text) => {
    const words = text.toLowerCase().split(/\s+/);
    return [...document.querySelectorAll("[data-palette]")].filter((button) => words.every((word) => button.dataset.palette.toLowerCase().includes(word)));
  };
  const optionFor = (button) => {
    const option = document.createElement("div");
    const name = Object.assign(document.createElement("bdi"), { className: "palette-name", textContent: button.dataset.palette });
    option.setAttribute("role", "option");
    option.append(name);
    option.presses = button;
    return option;
  };
  const groupOf = (buttons) => {
    const group = document.createElement("div");
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", "Do");
    const title = Object.assign(document.createElement("p"), { className: "palette-title", textContent: "Do" });
    title.setAttribute("aria-hidden", "true");
    group.append(title, ...buttons.map(optionFor));
    return group;
  };

  const show = (text, found, problem) => {
    list.innerHTML = found;
    // What is done with the incident that is open comes first; what the frame around it does, last, and only when asked for.
    const buttons = acts(text);
    const ofPage = buttons.filter((button) => button.closest("main"));
    const ofFrame = buttons.filter((button) => text && !button.closest("main"));
    if (ofPage.length) list.prepend(groupOf(ofPage));
    if (ofFrame.length) list.append(groupOf(ofFrame));
    options().forEach((option, index) => { option.id = `palette-option-${index + 1}`; });
    // Nobody resolves by Ctrl-K and Enter alone.
    choose(text ? options()[0] : undefined);
    list.scrollTop = 0;
    isStale = false;
    const many = options().length;
    none.hidden = !problem && many > 0;
    none.textContent = problem || "Nothing is called that.";
    status.textContent = problem || (many === 1 ? "1 offer" : `${many} offers`);
    const act = then;
    then = null;
    if (act && chosen()) act(chosen());
  };

  const ask = async () => {
    asking?.abort();
    const mine = (asking = new AbortController());
    const text = field.value.trim();
    try {
      // Another window may have gone to another project.
      const headers = JSON.parse(document.body.getAttribute("hx-headers:inherited") || "{}");
      const answer = await fetch(`/palette?${new URLSearchParams({ text })}`, { headers, signal: mine.signal, redirect: "manual" });
      if (answer.type === "opaqueredirect") return show(text, "", "You are signed out. Reload the page to sign in again.");
      if (!answer.ok) throw new Error(answer.status);
      const found = await answer.text();
      if (!mine.signal.aborted) show(text, found, "");
    } catch {
      if (!mine.signal.aborted) show(text, "", "The platform does not answer just now.");
    }
  };

  const open = () => {
    if (document.querySelector("dialog[open]")) return;
    field.value = "";
    list.replaceChildren();
    none.hidden = true;
    status.textContent = "";
    dialog.showModal();
    isStale = true;
    ask();
  };
  const take = (option) => {
    dialog.close();
    if (option.presses) return option.presses.isConnected ? option.presses.click() : undefined;
    location.assign(option.href);
  };
  const takeBeside = (option) => {
    if (option.presses) return take(option);
    dialog.close();
    window.open(option.href, "_blank", "noopener");
  };

  field.addEventListener("input", () => {
    clearTimeout(waiting);
    // An answer to what the text said before would be taken for one to what it says now.
    asking?.abort();
    then = null;
    isStale = true;
    waiting = setTimeout(ask, 120);
  });
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const every = options();
    const here = every.indexOf(chosen());
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const next = event.key === "ArrowDown" ? here + 1 : Math.max(here, 0) - 1;
      if (every.length) choose(every[(next + every.length) % every.length]);
    } else if (event.key === "Enter") {
      event.preventDefault();
      const act = event.ctrlKey || event.metaKey ? takeBeside : take;
      if (isStale) then = act;
      else if (here >= 0) act(every[here]);
    } else if (event.key === "Tab") {
      // There is nowhere else to go in here; Escape leads back.
      event.preventDefault();
    }
  });
  list.addEventListener("pointermove", (event) => {
    const option = event.target.closest('[role="option"]');
    if (option && option !== chosen()) choose(option);
  });
  // The text keeps the focus.
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest('[role="option"]');
    if (!option || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    take(option);
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("close", () => {
    clearTimeout(waiting);
    asking?.abort();
    then = null;
  });

  document.addEventListener("keydown", (event) => {
    const isHeld = isMac ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey;
    if (!isHeld || event.altKey || event.shiftKey || event.key.toLowerCase() !== "k" || isOff()) return;
    event.preventDefault();
    dialog.open ? dialog.close() : open();
  });
  for (const button of document.querySelectorAll("[data-jump]")) {
    button.hidden = false;
    button.addEventListener("click", open);
  }
  if (isMac) for (const key of document.querySelectorAll("kbd")) if (key.textContent === "Ctrl K") key.textContent = "⌘ K";
})();

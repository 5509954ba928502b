// The search box: what might be meant is offered while one types. Arrows choose, Enter or Tab takes, Escape leaves.
(() => {
  "use strict";

  const box = document.getElementById("text");
  const list = document.getElementById("search-offers");
  if (!box || !list) return;

  let asked = 0;
  let waiting;
  const options = () => [...list.children];
  const chosen = () => list.querySelector('[aria-selected="true"]');

  box.setAttribute("role", "combobox");
  box.setAttribute("aria-controls", list.id);
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-expanded", "false");
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Offers");

  const close = () => {
    clearTimeout(waiting);
    asked += 1;
    list.hidden = true;
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
  };

  const choose = (option) => {
    for (const each of options()) each.setAttribute("aria-selected", String(each === option));
    if (!option) return box.removeAttribute("aria-activedescendant");
    box.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  };

  const ask = async () => {
    const mine = (asked += 1);
    const text = box.value.slice(0, box.selectionStart);
    try {
      // Another window may have gone to another project.
      const headers = JSON.parse(document.body.getAttribute("hx-headers:inherited") || "{}");
      const answer = await fetch(`${box.dataset.offers}?${new URLSearchParams({ text })}`, { headers, redirect: "manual" });
      const found = answer.ok ? await answer.text() : "";
      if (mine !== asked || document.activeElement !== box) return;
      list.innerHTML = found;
    } catch {
      return;
    }
    const only = options().length === 1 && text.endsWith(options()[0].dataset.text);
    list.hidden = !options().length || only;
    box.setAttribute("aria-expanded", String(!list.hidden));
    box.removeAttribute("aria-activedescendant");
  };

  const take = (option) => {
    const { begin, text } = option.dataset;
    const after = box.value.slice(box.selectionStart);
    const put = box.value.slice(0, Number(begin)) + text + ("ends" in option.dataset && !after.startsWith(" ") ? " " : "");
    box.value = put + after;
    box.setSelectionRange(put.length, put.length);
    close();
    box.dispatchEvent(new Event("input", { bubbles: true }));
  };

  box.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, 120);
  });
  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" && list.hidden) {
      event.preventDefault();
      return ask();
    }
    if (list.hidden) return;
    const here = options().indexOf(chosen());
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const many = options().length;
      choose(options()[(here + (event.key === "ArrowDown" ? 1 : here < 0 ? 0 : -1) + many) % many]);
    } else if (event.key === "Enter" && here >= 0) {
      event.preventDefault();
      take(chosen());
    } else if (event.key === "Tab" && !event.shiftKey && here >= 0) {
      event.preventDefault();
      take(chosen());
    } else if (event.key === "Escape") {
      event.preventDefault();
      close();
    } else if (event.key === "Enter") {
      close();
    }
  });
  list.addEventListener("pointerdown", (event) => {
    const option = event.target.closest("[role=option]");
    if (!option) return;
    event.preventDefault();
    take(option);
  });
  box.addEventListener("blur", close);
})();

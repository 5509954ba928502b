// Picking incidents in the list: `x` picks the row that has the focus, Shift with a click picks all between. Nothing needs it.
(() => {
  "use strict";

  const picked = new Set();
  let last = null;
  const boxes = () => [...document.querySelectorAll("input.pick")];
  const isOff = () => { try { return localStorage.getItem("aiops-keys-off") !== null; } catch { return false; } };

  const note = (box) => { box.checked ? picked.add(box.value) : picked.delete(box.value); };
  const tell = () => {
    const form = document.getElementById("bulk");
    const count = document.getElementById("bulk-count");
    if (!form || !count) return;
    const many = boxes().filter((box) => box.checked).length;
    const all = document.getElementById("bulk-all").checked;
    count.textContent = many && !all ? `${many} picked` : "";
    form.dataset.picked = many || all ? "some" : "none";
  };
  const between = (one, other) => {
    const all = boxes();
    const [from, to] = [all.indexOf(one), all.indexOf(other)].sort((a, b) => a - b);
    return from < 0 ? [other] : all.slice(from, to + 1);
  };

  document.addEventListener("click", (event) => {
    const box = event.target.closest?.("input.pick");
    if (!box) return;
    for (const each of event.shiftKey && last ? between(last, box) : [box]) { each.checked = box.checked; note(each); }
    last = box;
    tell();
  });
  document.addEventListener("change", (event) => { if (event.target.id === "bulk-all") tell(); });
  // On the page of an incident `a` leads to who cares for it.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "a" || event.ctrlKey || event.metaKey || event.altKey || isOff()) return;
    if (!event.target.closest("input, textarea, select, dialog")) document.getElementById("assign-to")?.focus();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "x" || event.ctrlKey || event.metaKey || event.altKey || isOff()) return;
    if (event.target.closest("input:not(.pick), textarea, select, dialog")) return;
    const box = event.target.closest("[data-incident-id]")?.querySelector("input.pick");
    if (!box) return;
    box.checked = !box.checked;
    note(box);
    last = box;
    tell();
  });
  // What came in meanwhile must not take back what was picked.
  document.addEventListener("htmx:after:swap", () => {
    for (const box of boxes()) box.checked = picked.has(box.value);
    tell();
  });
  // A menu that is open closes by a click elsewhere, and by Escape.
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" ? event.target.closest?.("details.menu[open]") : null;
    if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
  });
  tell();
})();

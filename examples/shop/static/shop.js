// Each button asks the shop for the page that it names and shows what came back.
const answer = document.querySelector("output");

async function press(button) {
  const [method, path] = Object.entries(button.dataset).find(([name]) => name !== "testid");
  answer.textContent = `${method.toUpperCase()} ${path} …`;
  delete answer.dataset.answered;
  const response = await fetch(path, { method: method.toUpperCase() });
  const text = (await response.text()).replace(/<[^>]*>/g, " ").replace(/\s+/g, " ").trim();
  answer.textContent = `${method.toUpperCase()} ${path} → ${response.status} ${text.slice(0, 160)}`;
  answer.dataset.answered = path;
}

for (const button of document.querySelectorAll(".trouble button")) {
  button.addEventListener("click", () => press(button));
}

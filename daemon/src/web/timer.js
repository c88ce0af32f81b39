// Elements with `data-from` (unix milliseconds) count up, by the server's clock, whatever this computer's says.

let offset = 0;
function synchronize() {
  offset = Number(document.body.dataset.now) - Date.now();
  tick();
}

function tick() {
  for (const place of document.querySelectorAll("[data-from]")) {
    const seconds = Math.max(0, Math.floor((Date.now() + offset - Number(place.dataset.from)) / 1000));
    if (!Number.isFinite(seconds) || place.dataset.from === "") continue;
    const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
    const pad = (value) => String(value).padStart(2, "0");
    place.textContent = hours > 0 ? `${hours}:${pad(minutes)}:${pad(rest)}` : `${minutes}:${pad(rest)}`;
  }
}

document.addEventListener("refreshed", synchronize);
synchronize();
setInterval(tick, 1000);

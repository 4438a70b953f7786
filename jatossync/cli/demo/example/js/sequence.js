"use strict";

// A timeline of screens. Each one is shown until one of its keys is pressed or its time is over.
class Sequence {
  constructor(display) {
    this.display = display;
    this.data = [];
  }

  async run(timeline) {
    for (const screen of timeline) {
      this.data.push({ ...screen.data, ...(await this.show(screen)) });
      if (screen.onFinish) screen.onFinish(this.data.at(-1));
    }
    return this.data;
  }

  show(screen) {
    if (screen.html !== undefined) this.display.innerHTML = screen.html;
    const began = performance.now();
    return new Promise((resolve) => {
      let timer;
      const end = (key) => {
        clearTimeout(timer);
        document.removeEventListener("keydown", pressed);
        resolve({ key, rt: key === null ? null : Math.round(performance.now() - began) });
      };
      const pressed = (event) => {
        if (screen.keys.includes(event.key.toLowerCase())) end(event.key.toLowerCase());
      };
      document.addEventListener("keydown", pressed);
      if (screen.duration) timer = setTimeout(() => end(null), screen.duration);
    });
  }
}

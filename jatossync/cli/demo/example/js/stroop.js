"use strict";

const KEYS = { d: "red", f: "green", j: "blue", k: "yellow" };
const wrong = new Audio("sounds/wrong.wav");

function shuffled(list) {
  return list
    .map((item) => [Math.random(), item])
    .sort((one, other) => one[0] - other[0])
    .map(([, item]) => item);
}

function trial({ word, colour }) {
  return [
    { html: '<img src="images/fixation.svg" alt="+">', keys: [], duration: 500 },
    {
      html: `<p class="word ${colour}">${word}</p>`,
      keys: Object.keys(KEYS),
      duration: 3000,
      data: { word, colour, congruent: word === colour },
      onFinish: (data) => {
        data.correct = KEYS[data.key] === colour;
        if (!data.correct) wrong.play();
      },
    },
  ];
}

function mean(trials) {
  return Math.round(trials.reduce((sum, { rt }) => sum + rt, 0) / trials.length);
}

async function main() {
  const stimuli = await (await fetch("stimuli/trials.json")).json();
  const sequence = new Sequence(document.getElementById("display"));
  await sequence.run([{ keys: [" "] }, ...shuffled(stimuli).flatMap(trial)]);
  const answers = sequence.data.filter(({ word }) => word !== undefined);
  const right = answers.filter(({ correct }) => correct);
  const [same, other] = [true, false].map((kind) => right.filter((t) => t.congruent === kind));
  if (window.jatos) await jatos.submitResultData(answers);
  sequence.display.innerHTML =
    `<h1>${right.length} of ${answers.length} right</h1>` +
    `<p>Word and colour agree: ${mean(same)} ms. They differ: ${mean(other)} ms.</p>` +
    '<p><a href="debrief.html">Why is that?</a></p>';
}

if (window.jatos) jatos.onLoad(main);
else main();

// Sessions of people who use npm's yjs: prints, a line each, the updates in the order in which a third one got them,
// and what that one has in the end. Arguments: how many, and a seed.
const Y = require("yjs");

const [count, seed] = process.argv.slice(2).map(Number);
let state = seed >>> 0;
const random = () => {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), state | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
};
const below = (n) => Math.floor(random() * n);
const pick = (list) => list[below(list.length)];
const word = () => pick(["", "a", "milk", "grüße", "🎨🎨", "long enough to be split"]);
const any = (depth) =>
  [
    () => null, () => undefined, () => random() < 0.5, () => random() * 1e9, () => below(2 ** 31) - 2 ** 30, word,
    () => new Uint8Array(below(9)).fill(below(256)), () => BigInt(below(1000)),
    () => Array.from({ length: below(4) }, () => any(depth + 1)),
    () => Object.fromEntries(Array.from({ length: below(4) }, () => [word(), any(depth + 1)])),
  ][below(depth > 3 ? 8 : 10)]();

const fresh = () => {
  const doc = new Y.Doc();
  doc.clientID = below(2 ** 32);
  return doc;
};

const edit = (doc) => {
  const key = `k${below(6)}`;
  const [ink, todo, text, list, xml] =
    [doc.getMap("ink"), doc.getMap("todo"), doc.getText("text"), doc.getArray("list"), doc.getXmlFragment("xml")];
  [
    () => ink.set(key, new Uint8Array(below(40)).fill(below(256))),
    () => ink.delete(key),
    () => {
      if (!(todo.get(key) instanceof Y.Map)) todo.set(key, new Y.Map());
      todo.get(key).set("title", word());
      todo.get(key).set("done", random() < 0.5);
    },
    () => todo.delete(key),
    () => text.insert(below(text.length + 1), word()),
    () => text.length > 1 && text.delete(0, 1),
    () => text.length > 3 && text.format(below(2), 2, { bold: pick([true, null]) }),
    () => text.insertEmbed(0, { image: word() }),
    () => list.insert(below(list.length + 1), [[any(0)], any(0) ?? null].filter((value) => typeof value !== "bigint")),
    () => list.length > 1 && list.delete(0, 1),
    () => xml.insert(0, [new Y.XmlElement("p"), new Y.XmlText(word())]),
  ][below(11)]();
};

for (let session = 0; session < count; session++) {
  const [a, b, c] = [fresh(), fresh(), fresh()];
  const said = [];
  for (const doc of [a, b]) doc.on("update", (update, origin) => origin === "sync" || said.push(update));
  for (let step = 0; step < 2 + below(8); step++) {
    const doc = pick([a, b]);
    doc.transact(() => { for (let n = 0; n <= below(4); n++) edit(doc); });
    if (random() < 0.5) {
      const [from, to] = random() < 0.5 ? [a, b] : [b, a];
      Y.applyUpdate(to, Y.encodeStateAsUpdate(from, Y.encodeStateVector(to)), "sync");
    }
  }
  said.push(Y.encodeStateAsUpdate(a), Y.encodeStateAsUpdate(b, Y.encodeStateVector(a)));
  if (said.length > 3) said.push(Y.mergeUpdates(said.slice(0, 3)));
  // Lost for a while, twice, in another order: whole states come last, as they do in a room.
  const states = said.splice(-2);
  const got = [...said.sort(() => random() - 0.5), pick(said) ?? states[0], ...states];
  got.forEach((update) => Y.applyUpdate(c, update));
  const bytes = (map) => Object.fromEntries([...map].map(([key, value]) => [key, Buffer.from(value).toString("base64")]));
  console.log(JSON.stringify({
    updates: got.map((update) => Buffer.from(update).toString("base64")),
    state_vector: Buffer.from(Y.encodeStateVector(c)).toString("base64"),
    ink: bytes(c.getMap("ink")),
    todo: c.getMap("todo").toJSON(),
  }));
}

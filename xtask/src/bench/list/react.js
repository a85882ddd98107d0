// A to-do list as small as React allows, with the classes of TodoMVC.
import { createElement as h, memo, useCallback, useState } from "react";
import { createRoot } from "react-dom/client";

const Row = memo(({ item, toggle, remove }) =>
  h(
    "li",
    { className: item.completed ? "completed" : "" },
    h("input", {
      className: "toggle",
      type: "checkbox",
      checked: item.completed,
      onChange: () => toggle(item.id),
    }),
    h("label", null, item.title),
    h("button", { className: "destroy", onClick: () => remove(item.id) }),
  ),
);

let next = 0;

const App = () => {
  const [items, setItems] = useState([]);
  const toggle = useCallback(
    (id) =>
      setItems((items) =>
        items.map((item) => (item.id === id ? { ...item, completed: !item.completed } : item)),
      ),
    [],
  );
  const remove = useCallback((id) => setItems((items) => items.filter((item) => item.id !== id)), []);
  const add = (event) => {
    if (event.key !== "Enter") return;
    const title = event.target.value;
    event.target.value = "";
    setItems((items) => [...items, { id: next++, title, completed: false }]);
  };
  return h(
    "section",
    null,
    h("input", { className: "new-todo", onKeyDown: add }),
    h("ul", { className: "todo-list" }, items.map((item) => h(Row, { key: item.id, item, toggle, remove }))),
    h("span", { className: "todo-count" }, items.filter((item) => !item.completed).length),
  );
};

createRoot(document.body.appendChild(document.createElement("main"))).render(h(App));

//! The to-do list, with the structure, classes, texts and behaviour of the TodoMVC app specification.

use leptos::{html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};

use crate::{
    core::{
        address::Address,
        doc::schema::Id,
        todo::{filter::Filter, item::Item},
    },
    ui::{hooks::use_room::use_room, parts::history::History},
};

pub fn page() -> AnyView {
    let room = use_room();
    let list = room.list;
    let filter = move || room.address.with(|address| address.filter);
    let has_items = Memo::new(move |_| list.with(|list| !list.items.is_empty()));
    let shown = move || {
        let filter = filter();
        list.with(|list| {
            let shown = list.items.iter().filter(|item| filter.shows(item));
            shown.map(|item| item.id.clone()).collect::<Vec<_>>()
        })
    };
    let all_completed = move || list.with(|list| list.active() == 0);
    view! {
        <style>{include_str!("../../../style/todo.css")}</style>
        <section class="todoapp">
            <header class="header">
                <h1>"todos"</h1>
                <NewTodo/>
            </header>
            {move || has_items.get().then(|| view! {
                <section class="main">
                    <input
                        id="toggle-all"
                        class="toggle-all"
                        type="checkbox"
                        prop:checked=all_completed
                        on:change=move |event| {
                            let completed = event_target_checked(&event);
                            room.edit_list(|list, _| list.complete_all(completed));
                        }
                    />
                    <label for="toggle-all">"Mark all as complete"</label>
                    <ul class="todo-list">
                        <For each=shown key=Id::clone let:id>
                            <TodoRow id=id/>
                        </For>
                    </ul>
                </section>
                <Footer/>
            })}
        </section>
        <History/>
    }
    .into_any()
}

#[component]
fn NewTodo() -> impl IntoView {
    let room = use_room();
    let input = NodeRef::<html::Input>::new();
    Effect::new(move || {
        if let Some(input) = input.get() {
            let _ = input.focus();
        }
    });
    // What was typed since the last item is the field's own to take back (`parts::shortcuts`).
    let untouched = RwSignal::new(true);
    let on_key = move |event: KeyboardEvent| {
        let Some(input) = input.get_untracked() else {
            return;
        };
        if event.key() == "Enter" && !event.is_composing() {
            let title = input.value();
            if !title.trim().is_empty() {
                room.edit_list(|list, rng| list.add(&title, rng));
                input.set_value("");
                untouched.set(true);
            }
        }
    };
    view! {
        <input
            node_ref=input
            class="new-todo"
            placeholder="What needs to be done?"
            aria-label="New to-do"
            autocomplete="off"
            data-untouched=move || untouched.get().then_some("")
            on:input=move |_| untouched.set(false)
            on:keydown=on_key
        />
    }
}

#[component]
fn TodoRow(id: Id) -> impl IntoView {
    let room = use_room();
    let editing = RwSignal::new(false);
    let id = StoredValue::new(id);
    let item = Memo::new(move |_| id.with_value(|id| room.list.with(|list| list.get(id).cloned())));
    let title = move || {
        item.with(|item| {
            item.as_ref()
                .map(|item| item.title.clone())
                .unwrap_or_default()
        })
    };
    let completed =
        move || item.with(|item| item.as_ref().is_some_and(|item: &Item| item.completed));
    let on_key = move |event: KeyboardEvent| {
        let down = event.key() == "ArrowDown";
        if !event.alt_key() || !(down || event.key() == "ArrowUp") {
            return;
        }
        event.prevent_default();
        room.edit_list(|list, _| id.with_value(|id| list.move_by_one(id, down)));
        // An item that is moved in the page loses its focus.
        let focused = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlElement>().ok());
        request_animation_frame(move || drop(focused.map(|focused| focused.focus())));
    };
    let class = move || match (completed(), editing.get()) {
        (false, false) => "",
        (true, false) => "completed",
        (false, true) => "editing",
        (true, true) => "completed editing",
    };
    view! {
        <li class=class data-testid="todo-item" on:keydown=on_key>
            <div class="view">
                <input
                    class="toggle"
                    type="checkbox"
                    aria-label=move || format!("Done: {}", title())
                    aria-keyshortcuts="Alt+ArrowUp Alt+ArrowDown"
                    prop:checked=completed
                    on:change=move |event| {
                        let completed = event_target_checked(&event);
                        room.edit_list(|list, _| id.with_value(|id| list.complete(id, completed)));
                    }
                />
                <label data-testid="todo-title" on:dblclick=move |_| editing.set(true)>{title}</label>
                <button
                    type="button"
                    class="destroy"
                    aria-label=move || format!("Delete: {}", title())
                    on:click=move |_| room.edit_list(|list, _| id.with_value(|id| list.delete(id)))
                ></button>
            </div>
            {move || editing.get().then(|| view! { <TodoEdit id=id editing=editing/> })}
        </li>
    }
}

/// Saves on blur and on Enter; Escape leaves the title as it was.
#[component]
fn TodoEdit(id: StoredValue<Id>, editing: RwSignal<bool>) -> impl IntoView {
    let room = use_room();
    let input = NodeRef::<html::Input>::new();
    let before = id.with_value(|id| {
        room.list.with_untracked(|list| {
            list.get(id)
                .map(|item| item.title.clone())
                .unwrap_or_default()
        })
    });
    Effect::new(move || {
        if let Some(input) = input.get() {
            let _ = input.focus();
        }
    });
    let typed = StoredValue::new(before.clone());
    let over = StoredValue::new(false);
    let original = StoredValue::new(before.clone());
    let save = move || {
        // Unmounting the field may or may not blur it: only the first end of an edit counts.
        if over.try_get_value() != Some(false) {
            return;
        }
        over.set_value(true);
        room.edit_list(|list, rng| {
            let (before, title) = (original.get_value(), typed.get_value());
            id.with_value(|id| list.edited(id, &before, &title, rng))
        });
        let _ = editing.try_set(false);
    };
    // The row may go while somebody types in it, because somebody else deleted the item: what was typed brings it back.
    on_cleanup(save);
    view! {
        <input
            node_ref=input
            class="edit"
            aria-label="Edit"
            value=before.clone()
            prop:value=before
            on:input=move |event| typed.set_value(event_target_value(&event))
            on:blur=move |_| save()
            on:keydown=move |event: KeyboardEvent| match event.key().as_str() {
                "Enter" if !event.is_composing() => save(),
                "Escape" => {
                    over.set_value(true);
                    editing.set(false);
                }
                _ => {}
            }
        />
    }
}

#[component]
fn Footer() -> impl IntoView {
    let room = use_room();
    let active = move || room.list.with(|list| list.active());
    let has_completed = Memo::new(move |_| room.list.with(|list| list.completed() > 0));
    view! {
        <footer class="footer">
            <span class="todo-count" data-testid="todo-count">
                <strong>{active}</strong>
                {move || if active() == 1 { " item left" } else { " items left" }}
            </span>
            <ul class="filters">
                {Filter::EACH.into_iter().map(|filter| view! { <FilterLink filter=filter/> }).collect::<Vec<_>>()}
            </ul>
            {move || has_completed.get().then(|| view! {
                <button
                    type="button"
                    class="clear-completed"
                    on:click=move |_| room.edit_list(|list, _| list.clear_completed())
                >
                    "Clear completed"
                </button>
            })}
        </footer>
    }
}

#[component]
fn FilterLink(filter: Filter) -> impl IntoView {
    let address = use_room().address;
    let href = move || {
        address.with(|address| {
            let there = Address {
                filter,
                ..address.clone()
            };
            there.to_hash()
        })
    };
    let is_here = move || address.with(|address| address.filter == filter);
    view! {
        <li>
            <a class=move || if is_here() { "selected" } else { "" } href=href>{filter.label()}</a>
        </li>
    }
}

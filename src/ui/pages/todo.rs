//! The to-do list, with the structure, classes, texts and behaviour of the TodoMVC app specification.

mod shown;

use leptos::{html, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};

use self::shown::Shown;
use crate::{
    browser::styles,
    core::{
        address::Address,
        apps::todo::{
            filter::{Filter, PARAMETER},
            item::Item,
            list::{Edited, List},
            overruled::Notice,
        },
        doc::{id::Id, table::Write},
        keyboard::Command,
    },
    ui::{
        hooks::{
            use_key::use_key,
            use_room::{Room, use_room},
        },
        parts::{
            history::History,
            shortcuts::{self, Shortcuts, ShortcutsButton},
        },
        text,
    },
};

pub fn page() -> AnyView {
    let room = use_room();
    let shown =
        StoredValue::new_local(Shown::new(|item| view! { <TodoRow item=item/> }.into_any()));
    provide_context(shown);
    let counts = shown.with_value(|shown| shown.counts);
    let has_items = Memo::new(move |_| counts.with(|counts| counts.active + counts.completed > 0));
    let (rows, owner) = (NodeRef::<html::Ul>::new(), Owner::current());
    let filter = Memo::new(move |_| room.address.with(filter_of));
    Effect::new(move || {
        if let (Some(rows), Some(owner)) = (rows.get(), &owner) {
            shown.with_value(|shown| shown.show(rows.into(), owner, filter.get()));
        }
    });
    let show_shortcuts = RwSignal::new(false);
    use_key("keydown", move |event| {
        if shortcuts::command(event) == Some(Command::ShowShortcuts) {
            event.prevent_default();
            show_shortcuts.set(true);
        }
    });
    let all_completed = move || counts.with(|counts| counts.active == 0);
    styles::adopt(include_str!("../../../style/todo.css"));
    view! {
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
                            shown.with_value(|shown| shown.edit(|list, _| list.complete_all(completed)));
                        }
                    />
                    <label for="toggle-all">"Mark all as complete"</label>
                    <ul class="todo-list" node_ref=rows></ul>
                </section>
                <Footer/>
            })}
        </section>
        <div class="panel list-keys">
            <ShortcutsButton open=show_shortcuts/>
        </div>
        <History/>
        <Shortcuts open=show_shortcuts/>
    }
    .into_any()
}

/// Which items an address shows.
fn filter_of(address: &Address) -> Filter {
    let filter = address.parameter(PARAMETER).and_then(Filter::parse);
    filter.unwrap_or_default()
}

/// The list of the page around the component that asks.
fn use_shown() -> StoredValue<Shown, LocalStorage> {
    expect_context()
}

/// Once what was done is painted, and only if it took the focus away: the checkbox of this item, or of the one that is in
/// its place by then.
fn focus_near(row: Option<&HtmlElement>) {
    let row: Option<&Element> = row.map(AsRef::as_ref);
    let places = row.map(|row| {
        [
            Some(row.clone()),
            row.next_element_sibling(),
            row.previous_element_sibling(),
        ]
    });
    request_animation_frame(move || {
        if has_focus() {
            return;
        }
        let mut places = places.into_iter().flatten().flatten();
        let place = places.find(|place| place.is_connected());
        let checkbox = |place: Element| place.query_selector(".toggle").ok().flatten();
        let checkbox = place
            .and_then(checkbox)
            .or_else(|| found(".todo-list .toggle"))
            .or_else(|| found(".new-todo"));
        if let Some(checkbox) = checkbox.and_then(|found| found.dyn_into::<HtmlElement>().ok()) {
            let _ = checkbox.focus();
        }
    });
}

fn found(selector: &str) -> Option<Element> {
    document().query_selector(selector).ok().flatten()
}

/// Whether anything on the page has the focus.
fn has_focus() -> bool {
    let focused = document().active_element();
    focused.is_some_and(|focused| focused.tag_name() != "BODY")
}

#[component]
fn NewTodo() -> impl IntoView {
    let (room, shown) = (use_room(), use_shown());
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
        if event.key() == "Enter" && !shortcuts::is_composing(&event) {
            let title = input.value();
            match shown.with_value(|shown| shown.with(|list, rng| list.add(&title, rng))) {
                // What was typed stays in the field.
                Err(error) => room.warn(text::todo::too_long(error)),
                Ok(writes) if writes.is_empty() => {}
                Ok(writes) => {
                    room.edit(writes);
                    input.set_value("");
                    untouched.set(true);
                }
            }
        }
    };
    view! {
        <input
            node_ref=input
            class="new-todo"
            placeholder="What needs to be done?"
            aria-label="New to-do"
            dir="auto"
            autocomplete="off"
            data-untouched=move || untouched.get().then_some("")
            on:input=move |_| untouched.set(false)
            on:keydown=on_key
        />
    }
}

#[component]
fn TodoRow(item: RwSignal<Item>) -> impl IntoView {
    let (room, shown) = (use_room(), use_shown());
    let editing = RwSignal::new(false);
    let title = Memo::new(move |_| item.with(|item| item.title.clone()));
    let completed = Memo::new(move |_| item.with(|item| item.completed));
    let edit = move |edit: &dyn Fn(&List, &Id) -> Vec<Write>| {
        let id = item.with_untracked(|item| item.id.clone());
        shown.with_value(|shown| shown.edit(|list, _| edit(list, &id)));
    };
    let on_key = move |event: KeyboardEvent| {
        // In its title's field the keys are the field's.
        if editing.get_untracked() {
            return;
        }
        let is_checkbox = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlElement>().ok())
            .is_some_and(|target| target.class_name() == "toggle");
        if event.key() == "F2" || (event.key() == "Enter" && is_checkbox) {
            event.prevent_default();
            // A key that is held down has said so.
            if !event.repeat() {
                editing.set(true);
            }
            return;
        }
        let down = event.key() == "ArrowDown";
        if !event.alt_key() || !(down || event.key() == "ArrowUp") {
            return;
        }
        event.prevent_default();
        let filter = room.address.with_untracked(filter_of);
        edit(&|list, id| list.move_by_one(id, down, filter));
    };
    let class = move || match (completed.get(), editing.get()) {
        (false, false) => "",
        (true, false) => "completed",
        (false, true) => "editing",
        (true, true) => "completed editing",
    };
    let row = NodeRef::<html::Li>::new();
    let focus_here = move || focus_near(row.get_untracked().as_deref());
    let delete = move |_| {
        focus_here();
        edit(&|list, id| list.delete(id));
    };
    view! {
        <li node_ref=row class=class data-testid="todo-item" on:keydown=on_key>
            <div class="view">
                <input
                    class="toggle"
                    type="checkbox"
                    aria-label=move || format!("Done: {}", title.get())
                    aria-keyshortcuts="F2 Alt+ArrowUp Alt+ArrowDown"
                    prop:checked=completed
                    on:change=move |event| {
                        let completed = event_target_checked(&event);
                        // Under a filter the item may go.
                        focus_here();
                        edit(&|list, id| list.complete(id, completed));
                    }
                />
                <label data-testid="todo-title" dir="auto" on:dblclick=move |_| editing.set(true)>{title}</label>
                <button
                    type="button"
                    class="destroy"
                    aria-label=move || format!("Delete: {}", title.get())
                    on:click=delete
                ></button>
            </div>
            {move || editing.get().then(|| view! {
                <TodoEdit item=item editing=editing done=focus_here/>
            })}
        </li>
    }
}

/// Saves on blur and on Enter; Escape leaves the title as it was. A title that is too long is said, and stays in the field.
#[component]
fn TodoEdit(
    item: RwSignal<Item>,
    editing: RwSignal<bool>,
    /// The keyboard ended it.
    done: impl Fn() + Copy + 'static,
) -> impl IntoView {
    let (room, shown) = (use_room(), use_shown().get_value());
    let input = NodeRef::<html::Input>::new();
    let original = shown.with(|list, _| item.with_untracked(|item| list.before(&item.id)));
    let before = original.title.clone();
    Effect::new(move || {
        if let Some(input) = input.get() {
            let _ = input.focus();
            let end = u32::try_from(input.value().encode_utf16().count()).ok();
            let end = end.unwrap_or_default();
            let _ = input.set_selection_range(end, end);
        }
    });
    let typed = StoredValue::new(before.clone());
    let over = StoredValue::new(false);
    let original = StoredValue::new(original);
    // Unmounting the field may or may not blur it: only the first end of an edit counts.
    let is_over = move || over.try_get_value() != Some(false);
    let shown = StoredValue::new_local(shown);
    let save = move || {
        if is_over() {
            return false;
        }
        let (before, title) = (original.get_value(), typed.get_value());
        let edited =
            shown.with_value(|shown| shown.with(|list, rng| list.edited(&before, &title, rng)));
        match edited {
            Ok(edited) => {
                over.set_value(true);
                end_edit(room, edited, &title);
                let _ = editing.try_set(false);
                true
            }
            Err(error) => {
                room.warn(text::todo::too_long(error));
                false
            }
        }
    };
    // The row may go while somebody types in it, because somebody else deleted the item: what was typed brings it back.
    on_cleanup(move || {
        if !is_over() {
            over.set_value(true);
            let (before, title) = (original.get_value(), typed.get_value());
            let edited = shown.with_value(|shown| {
                shown.with(|list, rng| list.edited_in_pieces(&before, &title, rng))
            });
            end_edit(room, edited, &title);
        }
    });
    view! {
        <input
            node_ref=input
            class="edit"
            aria-label="Edit"
            dir="auto"
            value=before.clone()
            prop:value=before
            on:input=move |event| typed.set_value(event_target_value(&event))
            on:blur=move |_| {
                save();
            }
            on:keydown=move |event: KeyboardEvent| match event.key().as_str() {
                // An input method has them first.
                _ if shortcuts::is_composing(&event) => event.stop_propagation(),
                "Enter" => {
                    // The row would open it again.
                    event.stop_propagation();
                    if save() {
                        done();
                    }
                }
                "Escape" => {
                    over.set_value(true);
                    editing.set(false);
                    done();
                }
                _ => {}
            }
        />
    }
}

/// Writes what an edit came to, and says what became of a title that somebody else wrote meanwhile.
fn end_edit(room: Room, edited: Edited, title: &str) {
    if let Some(theirs) = edited.unseen {
        let notice = match edited.writes.is_empty() {
            true => Notice::Returned(vec![theirs]),
            false => Notice::BothKept {
                ours: title.to_owned(),
                theirs,
                more: 0,
            },
        };
        room.warn(text::notice::overruled(&notice));
    }
    room.edit(edited.writes);
}

#[component]
fn Footer() -> impl IntoView {
    let shown = use_shown();
    let counts = shown.with_value(|shown| shown.counts);
    let active = Memo::new(move |_| counts.with(|counts| counts.active));
    let has_completed = Memo::new(move |_| counts.with(|counts| counts.completed > 0));
    view! {
        <footer class="footer">
            <span class="todo-count" data-testid="todo-count">
                <strong>{active}</strong>
                {move || if active.get() == 1 { " item left" } else { " items left" }}
            </span>
            <ul class="filters">
                {Filter::EACH.into_iter().map(|filter| view! { <FilterLink filter=filter/> }).collect::<Vec<_>>()}
            </ul>
            {move || has_completed.get().then(|| view! {
                <button
                    type="button"
                    class="clear-completed"
                    on:click=move |_| {
                        focus_near(None);
                        shown.with_value(|shown| shown.edit(|list, _| list.clear_completed()));
                    }
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
            let value = (filter != Filter::default()).then(|| filter.name());
            address.clone().with(PARAMETER, value).to_hash()
        })
    };
    let is_here = move || address.with(|address| filter_of(address) == filter);
    view! {
        <li>
            <a class=move || if is_here() { "selected" } else { "" } href=href>{filter.label()}</a>
        </li>
    }
}

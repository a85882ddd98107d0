//! Children of an element that come, move and go one by one: a change costs what changed, however many there are.

use std::{collections::HashMap, hash::Hash};

use js_sys::{Function, Reflect};
use leptos::{
    prelude::*,
    tachys::view::{Mountable, any_view::AnyViewState},
};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlElement};

/// `K` names a row, `T` is what its view is told changes by.
pub struct Rows<K, T> {
    parent: Element,
    owner: Owner,
    rows: HashMap<K, Row<T>>,
}

/// Removes itself when it is dropped, and cleans up after its view: not while anything is borrowed that the view uses.
pub struct Row<T> {
    pub told: T,
    element: Option<Element>,
    view: AnyViewState,
    owner: Owner,
}

impl<T> Drop for Row<T> {
    fn drop(&mut self) {
        self.view.unmount();
        self.owner.cleanup();
    }
}

impl<K: Eq + Hash, T> Rows<K, T> {
    /// The rows live as long as `owner`, at most.
    pub fn new(parent: Element, owner: Owner) -> Self {
        Self {
            parent,
            owner,
            rows: HashMap::new(),
        }
    }

    pub fn is_below(&self, parent: &Element) -> bool {
        self.parent == *parent
    }

    /// In no order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.rows.keys()
    }

    pub fn get(&self, key: &K) -> Option<&T> {
        self.rows.get(key).map(|row| &row.told)
    }

    fn element(&self, key: Option<&K>) -> Option<&Element> {
        self.rows.get(key?)?.element.as_ref()
    }

    /// A new row, of one element, in front of another or at the end.
    pub fn insert(&mut self, key: K, before: Option<&K>, view: impl FnOnce() -> (T, AnyView)) {
        let owner = self.owner.child();
        let (told, mut view) = owner.with(|| {
            let (told, view) = view();
            (told, view.build())
        });
        let next = self.element(before).cloned();
        view.mount(&self.parent, next.as_deref());
        let element = match next {
            Some(next) => next.previous_element_sibling(),
            None => self.parent.last_element_child(),
        };
        let row = Row {
            told,
            element,
            view,
            owner,
        };
        self.rows.insert(key, row);
    }

    /// Moves a row in front of another or to the end. Where the browser cannot do that without taking its focus away, the
    /// row gets it back.
    pub fn shift(&self, key: &K, before: Option<&K>) {
        let next = self.element(before);
        let Some(element) = self.element(Some(key)) else {
            return;
        };
        let move_before = Reflect::get(&self.parent, &"moveBefore".into()).ok();
        match move_before.and_then(|found| found.dyn_into::<Function>().ok()) {
            Some(move_before) => {
                let next = next.map_or(JsValue::NULL, JsValue::from);
                let _ = move_before.call2(&self.parent, element, &next);
            }
            None => {
                let focused = document().active_element();
                let focused = focused.filter(|focused| element.contains(Some(focused)));
                let next = next.map(AsRef::as_ref);
                let _ = self.parent.insert_before(element, next);
                if let Some(focused) = focused.and_then(|it| it.dyn_into::<HtmlElement>().ok()) {
                    let _ = focused.focus();
                }
            }
        }
    }

    pub fn take(&mut self, key: &K) -> Option<Row<T>> {
        self.rows.remove(key)
    }
}

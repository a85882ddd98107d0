//! The storage of the quarantine, in `localStorage`. A mark for each page of a room names the piece of the document
//! that the page is applying at the moment. A list names the pieces that stopped a page, and are not applied again.
//! Firefox writes at the end of a task: there a page that hangs leaves no mark, but a page that traps does.

use std::{cell::Cell, rc::Rc};

use futures_channel::oneshot;

use super::{clock::Timeout, preferences, random};
use crate::{
    core::doc::quarantine::{Fingerprint, Quarantine},
    limits::{Millis, SET_ASIDE},
};

/// A page that lives wipes its mark, or writes another one, much sooner.
const DEAD_AFTER_MS: Millis = 3_000;

pub struct Marks {
    /// Begins the names of all pages' marks.
    prefix: String,
    mine: String,
    aside: String,
    count: Cell<u32>,
}

impl Marks {
    pub fn of(place: &str) -> Rc<Self> {
        let prefix = format!("taking/{place}/");
        Rc::new(Self {
            mine: format!("{prefix}{:x}", random::bits().unwrap_or_default()),
            prefix,
            aside: format!("set-aside/{place}"),
            count: Cell::default(),
        })
    }

    /// Holds what is set aside by now.
    pub fn quarantine(self: &Rc<Self>) -> Quarantine {
        let marks = Rc::clone(self);
        Quarantine::new(self.held(), move |taking| match taking {
            Some(fingerprint) => {
                // With the count, a page that goes on does not leave the same mark twice.
                let count = marks.count.get().wrapping_add(1);
                marks.count.set(count);
                preferences::keep_text(&marks.mine, &format!("{fingerprint} {count}"));
            }
            None => preferences::forget(&marks.mine),
        })
    }

    fn held(&self) -> Vec<Fingerprint> {
        let text = preferences::text(&self.aside).unwrap_or_default();
        text.split(' ').filter_map(Fingerprint::parse).collect()
    }

    /// Sets aside what a page was taking in when it stopped. Takes a while if there is a mark, for its page may live.
    pub async fn look_back(&self) {
        let marks = || -> Vec<(String, String)> {
            let names = preferences::names(&self.prefix).into_iter();
            let others = names.filter(|name| *name != self.mine);
            others
                .filter_map(|name| Some((name.clone(), preferences::text(&name)?)))
                .collect()
        };
        let before = marks();
        if before.is_empty() {
            return;
        }
        let (rings, ring) = oneshot::channel();
        let timer = Timeout::after(DEAD_AFTER_MS, move || {
            let _ = rings.send(());
        });
        let _ = ring.await;
        drop(timer);
        let mut held = self.held();
        for mark in marks().iter().filter(|mark| before.contains(mark)) {
            let (name, text) = mark;
            let stopped = text.split(' ').next().and_then(Fingerprint::parse);
            held.extend(stopped.filter(|stopped| !held.contains(stopped)));
            preferences::forget(name);
        }
        let too_many = held.len().saturating_sub(SET_ASIDE);
        let held: Vec<_> = held
            .iter()
            .skip(too_many)
            .map(Fingerprint::to_string)
            .collect();
        preferences::keep_text(&self.aside, &held.join(" "));
    }

    /// Leaves nothing of the room behind.
    pub fn forget_all(&self) {
        self.forgive();
        let marks = preferences::names(&self.prefix);
        marks.iter().for_each(|name| preferences::forget(name));
    }

    /// Nothing is set aside any more, from the next start on.
    pub fn forgive(&self) {
        preferences::forget(&self.aside);
    }
}

//! The room that this page shows: a session that runs in the browser, its state as signals, and a method for each thing
//! that a person can do.

use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
    time::Duration,
};

use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::{
    browser::{
        address,
        lifecycle::Listener,
        preferences, random,
        room::{self, Event, Host, KNOWN_SERVERS},
        rooms,
    },
    core::{
        address::{Address, RelayChoice},
        app::App,
        doc::{
            presence::{
                Profile,
                slots::{Shown, Slot},
            },
            replica::Replica,
            table::{self, Changed, Name, Touched, Write},
            undo::Direction,
        },
        peer::PeerId,
        session::{Input, Notice, Session, Setup, status::Status},
        socket::{endpoint::Endpoint, machine},
    },
    ui::text,
};

/// A page of another person, as this one shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Other {
    pub peer: PeerId,
    pub name: String,
    pub color: [u8; 3],
    /// What they do just now.
    pub shown: Shown,
    pub is_muted: bool,
    /// The one that stands for its person, where there are several.
    pub is_person: bool,
}

/// Another page whose view is shown in place of one's own.
#[derive(Clone, Debug, PartialEq)]
pub struct Followed {
    pub leader: PeerId,
    /// By whoever leads them in the end.
    pub shown: Shown,
}

/// A sentence that a person should read, until they close it or it is old.
/// What can be done about what a toast says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// What was set aside can be had, or tried again.
    SetAside,
    /// A new version of the program can be used.
    Update,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    pub number: u32,
    pub text: String,
    pub offer: Option<Offer>,
    /// It stays until somebody closes it.
    pub stays: bool,
}

/// How long a toast stays.
const TOAST: Duration = Duration::from_secs(12);

#[derive(Clone, Copy)]
pub struct Room {
    pub address: RwSignal<Address>,
    pub title: RwSignal<Option<String>>,
    pub status: RwSignal<Status>,
    pub others: RwSignal<Vec<Other>>,
    pub profile: RwSignal<Profile>,
    pub can_undo: RwSignal<bool>,
    pub can_redo: RwSignal<bool>,
    pub toasts: RwSignal<Vec<Toast>>,
    /// The pages show an earlier version of the room, until [`Room::show_now`].
    pub is_past: RwSignal<bool>,
    /// Whose view is shown in place of one's own.
    pub follows: RwSignal<Option<Followed>>,
    inner: StoredValue<Inner, LocalStorage>,
}

struct Inner {
    host: Rc<Host>,
    rng: RefCell<fastrand::Rng>,
    toasts: RefCell<u32>,
    watchers: RefCell<Vec<Weak<Watcher>>>,
    editor: RefCell<Option<Rc<dyn Editor>>>,
    /// Shows notices; and those that came before it.
    tells: Cell<Option<TellNotice>>,
    early: RefCell<Vec<Notice>>,
}

/// Shows a notice.
pub type TellNotice = fn(Room, &Notice);

/// What edits the room by gestures, and shows to others what they do meanwhile.
pub trait Editor {
    /// A message of a slot that is a stream came.
    fn streamed(&self, from: PeerId, slot: Slot, message: &[u8]);
    /// A gesture is under way.
    fn is_busy(&self) -> bool;
    /// Ends the gesture; what was drawn stays.
    fn finish(&self);
}

pub type Tell = Box<dyn Fn(&Replica, Changed)>;

/// A subscriber to changes of some tables.
struct Watcher {
    tables: &'static [Name],
    tell: Tell,
}

/// The room of the component tree that called [`provide_room`].
pub fn use_room() -> Room {
    expect_context()
}

/// Starts the room of `address` and hands it down as context. A relay is chosen later ([`Room::choose_relays`]). None
/// where the browser has no Web Crypto: ids and nonces that are not random would meet those of others.
pub fn provide_room(address: Address) -> Option<Room> {
    let mut rng = fastrand::Rng::with_seed(random::bits()?);
    let profile = preferences::load("profile").unwrap_or_else(|| {
        let profile = Profile::random(&mut rng);
        preferences::keep("profile", &profile);
        profile
    });
    let tag = address.room.tag();
    let setup = Setup {
        tag,
        room_key: address.room.room_key(),
        me: PeerId::from_random(rng.u64(..)),
        salt: random::bytes()?,
        person: rooms::person(tag),
        seed: rng.u64(..),
        profile: profile.clone(),
        relays: Vec::new(),
        known: preferences::text(KNOWN_SERVERS).unwrap_or_default(),
        shares: room::can_share(),
        network: None,
    };
    let events: Rc<RefCell<Option<Room>>> = Rc::default();
    let host = Host::start(setup, rooms::place(tag), {
        let events = Rc::clone(&events);
        move |event| {
            if let Some(room) = *events.borrow() {
                room.happened(event);
            }
        }
    });
    let room = Room {
        address: RwSignal::new(address),
        title: RwSignal::new(None),
        status: RwSignal::new(host.read(Session::status)),
        others: RwSignal::new(Vec::new()),
        profile: RwSignal::new(profile),
        can_undo: RwSignal::new(false),
        can_redo: RwSignal::new(false),
        toasts: RwSignal::new(Vec::new()),
        is_past: RwSignal::new(false),
        follows: RwSignal::new(None),
        inner: StoredValue::new_local(Inner {
            host,
            rng: RefCell::new(rng),
            toasts: RefCell::new(0),
            watchers: RefCell::default(),
            editor: RefCell::default(),
            tells: Cell::default(),
            early: RefCell::default(),
        }),
    };
    *events.borrow_mut() = Some(room);
    provide_context(room);
    Some(room)
}

impl Room {
    pub fn storage_name(&self) -> String {
        rooms::place(self.address.with_untracked(|address| address.room.tag()))
    }

    fn host(&self) -> Rc<Host> {
        self.inner.with_value(|inner| Rc::clone(&inner.host))
    }

    pub fn read<T>(&self, look: impl FnOnce(&Session) -> T) -> T {
        self.host().read(look)
    }

    pub fn send(&self, input: Input) {
        self.host().input(input);
    }

    /// One undoable step; an empty one is none.
    pub fn edit(&self, writes: Vec<Write>) {
        if !writes.is_empty() {
            self.send(Input::Edited(writes));
        }
    }

    /// What draws ids.
    pub fn rng(&self) -> fastrand::Rng {
        self.inner.with_value(|inner| inner.rng.borrow_mut().fork())
    }

    /// Calls `tell` at once with the content of these tables, and again after each change of them, until the calling
    /// component is unmounted. The document is the one that is shown, which may be an earlier version. `tell` must not
    /// edit.
    pub fn watch(&self, tables: &'static [Name], tell: Tell) {
        self.show_now();
        self.read(|session| tell(session.replica(), Changed::Everything));
        let watcher = Rc::new(Watcher { tables, tell });
        self.inner.with_value(|inner| {
            let mut watchers = inner.watchers.borrow_mut();
            watchers.push(Rc::downgrade(&watcher));
        });
        // The component's owner drops it.
        StoredValue::new_local(watcher);
    }

    fn watchers(&self) -> Vec<Rc<Watcher>> {
        self.inner.with_value(|inner| {
            let mut watchers = inner.watchers.borrow_mut();
            watchers.retain(|watcher| watcher.strong_count() > 0);
            watchers.iter().filter_map(Weak::upgrade).collect()
        })
    }

    /// From now on the room is edited by this one's gestures, too.
    pub fn edit_with(&self, editor: Rc<dyn Editor>) {
        self.inner
            .with_value(|inner| inner.editor.replace(Some(editor)));
    }

    fn editor(&self) -> Option<Rc<dyn Editor>> {
        self.inner.with_value(|inner| inner.editor.borrow().clone())
    }

    /// What is under the pen is finished first: it is what is taken back.
    pub fn undo(&self, direction: Direction) {
        if let Some(editor) = self.editor() {
            if editor.is_busy() && direction == Direction::Redo {
                return;
            }
            editor.finish();
        }
        self.show_now();
        self.send(Input::UndoAsked(direction));
    }

    /// A name or colour that is chosen in another tab is this one's, too.
    pub fn share_profile(&self) {
        let room = *self;
        let look = move || {
            let kept: Option<Profile> = preferences::load("profile");
            if let Some(profile) = kept.filter(|kept| room.profile.with_untracked(|p| p != kept)) {
                room.profile.set(profile.clone());
                room.send(Input::Renamed(profile));
            }
        };
        // It may have been chosen before this is called.
        look();
        let changed = Listener::on(window().unchecked_ref(), "storage", move |_| look());
        std::mem::forget(changed);
    }

    pub fn go_to(&self, app: &'static App) {
        if self.address.with_untracked(|address| address.app != app) {
            self.address.update(|address| address.app = app);
            address::replace_hash(&self.address.with_untracked(Address::to_hash));
        }
    }

    pub fn choose_relays(&self, relays: Vec<Endpoint>) {
        self.send(Input::RelaysChosen(relays));
    }

    /// Connects to the first of `relays` that works, and writes them into the address, so that the link leads others to
    /// the same ones. None is a choice, too.
    pub fn use_relays(&self, relays: Vec<Endpoint>) {
        self.address.update(|address| {
            address.relay = match relays.is_empty() {
                true => RelayChoice::None,
                false => RelayChoice::At(relays.clone()),
            };
            address::replace_hash(&address.to_hash());
        });
        self.choose_relays(relays);
    }

    /// Shows what somebody else sees in place of one's own view, or that again.
    pub fn follow(&self, leader: Option<PeerId>) {
        self.send(Input::Followed(leader));
    }

    pub fn retry(&self) {
        self.send(machine::Input::RetryAsked.into());
    }

    pub fn rename(&self, profile: Profile) {
        preferences::keep("profile", &profile);
        self.profile.set(profile.clone());
        self.send(Input::Renamed(profile));
    }

    /// Shows what the room was like `then`, to be looked at.
    pub fn show_past(&self, then: &Replica) {
        self.is_past.set(true);
        self.show_all(then);
    }

    /// Shows the room as it is.
    pub fn show_now(&self) {
        if self.is_past.get_untracked() {
            self.is_past.set(false);
            self.read(|session| self.show_all(session.replica()));
        }
    }

    fn show_all(&self, replica: &Replica) {
        for watcher in self.watchers() {
            (watcher.tell)(replica, Changed::Everything);
        }
    }

    /// Another tab deleted the room from this browser: nothing of it must be stored again.
    pub fn is_forgotten(&self) -> bool {
        self.host().is_forgotten()
    }

    /// Ends the session, before the page shows another room.
    pub fn stop(&self) {
        if let Some(editor) = self.editor() {
            editor.finish();
        }
        self.host().stop();
    }

    /// Takes in again what was set aside, by loading the page again.
    pub fn try_set_aside_again(&self) {
        self.host().forgive();
        address::reload();
    }

    /// Shows a sentence for a while.
    pub fn say(&self, text: impl Into<String>) {
        self.say_for(TOAST, text.into());
    }

    /// Shows a sentence that somebody has to have read.
    pub fn warn(&self, text: impl Into<String>) {
        self.show(text.into(), None, true);
    }

    /// The same, with what can be done about it.
    pub fn offer(&self, text: impl Into<String>, offer: Offer) {
        self.show(text.into(), Some(offer), true);
    }

    pub fn say_for(&self, time: Duration, text: String) {
        let number = self.show(text, None, false);
        let toasts = self.toasts;
        let forget = move || {
            toasts.try_update(|toasts| toasts.retain(|toast| toast.number != number));
        };
        set_timeout(forget, time);
    }

    /// Gives the toast's number.
    fn show(&self, text: String, offer: Option<Offer>, stays: bool) -> u32 {
        let number = self.inner.with_value(|inner| {
            *inner.toasts.borrow_mut() += 1;
            *inner.toasts.borrow()
        });
        self.toasts.update(|toasts| {
            toasts.retain(|toast| toast.text != text);
            toasts.push(Toast {
                number,
                text,
                offer,
                stays,
            });
        });
        number
    }

    fn happened(&self, event: Event) {
        match event {
            // What is new is shown when the past is left.
            Event::Touched(_) | Event::Streamed(..) if self.is_past.get_untracked() => {}
            Event::Touched(touched) => self.touched(&touched),
            Event::Streamed(from, slot, message) => {
                if let Some(editor) = self.editor() {
                    editor.streamed(from, slot, &message);
                }
            }
            Event::Notice(notice) => self.notice(notice),
            Event::Changed => self.changed(),
        }
    }

    /// From now on notices are shown by this.
    pub fn tell_with(&self, tell: TellNotice) {
        let early = self.inner.with_value(|inner| {
            inner.tells.set(Some(tell));
            inner.early.take()
        });
        early.iter().for_each(|notice| tell(*self, notice));
    }

    fn notice(&self, notice: Notice) {
        match self.inner.with_value(|inner| inner.tells.get()) {
            Some(tell) => tell(*self, &notice),
            // A problem with stored data is shown at once: the chunk that shows other notices may never arrive.
            None if notice == Notice::SetAside => {
                self.offer(text::notice::SET_ASIDE, Offer::SetAside)
            }
            None if notice == Notice::StoredRowUnreadable => self.warn(text::notice::UNREADABLE),
            None => self
                .inner
                .with_value(|inner| inner.early.borrow_mut().push(notice)),
        }
    }

    fn touched(&self, touched: &[Touched]) {
        let all = touched.contains(&Touched::Everything);
        self.read(|session| {
            for watcher in self.watchers() {
                match table::rows(touched, watcher.tables).as_slice() {
                    _ if all => (watcher.tell)(session.replica(), Changed::Everything),
                    [] => {}
                    rows => (watcher.tell)(session.replica(), Changed::Rows(rows)),
                }
            }
        });
    }

    fn changed(&self) {
        let (status, others, undo, redo, follows) = self.read(|session| {
            let people = session.people();
            let persons: Vec<_> = people.persons().map(|(peer, _)| peer).collect();
            let others = people.others().filter(|(_, person)| !people.is_own(person));
            let others = others.map(|(peer, person)| Other {
                peer,
                name: person.name().to_owned(),
                color: person.profile.as_ref().map_or([120; 3], |p| p.color),
                shown: person.shown.clone(),
                is_muted: people.is_muted(peer),
                is_person: persons.contains(&peer),
            });
            let can = |direction| session.can(direction);
            (
                session.status(),
                others.collect::<Vec<_>>(),
                can(Direction::Undo),
                can(Direction::Redo),
                session.follows().map(|leader| {
                    let shown = session.leader().map(|leader| leader.shown.clone());
                    Followed {
                        leader,
                        shown: shown.unwrap_or_default(),
                    }
                }),
            )
        });
        set_if_new(self.status, status);
        set_if_new(self.others, others);
        set_if_new(self.can_undo, undo);
        set_if_new(self.can_redo, redo);
        set_if_new(self.follows, follows);
    }
}

/// Wakes nobody when nothing changed.
pub fn set_if_new<T: PartialEq + Send + Sync + 'static>(signal: RwSignal<T>, value: T) {
    if signal.with_untracked(|old| *old != value) {
        signal.set(value);
    }
}

//! What `cargo xtask bench` runs inside Chromium beside the raw `WebSocket`.

#[cfg(target_arch = "wasm32")]
mod measures {
    use std::{cell::RefCell, rc::Rc};

    use duplex::{
        browser::clock,
        core::{
            frame::Frame,
            peer::PeerId,
            socket::endpoint::Endpoint,
            wire::{
                codec::{Codec, Shape},
                envelope::{Form, Head},
                seal::RoomKey,
                tag::Tag,
            },
        },
        limits::LARGEST_FRAME_BYTES,
    };
    use duplex_socket::{Connection, Options, browser::connection::Event};
    use futures_channel::oneshot;
    use wasm_bindgen::prelude::wasm_bindgen;

    /// Keeps messages in flight until all have come back.
    struct Run {
        left: u32,
        unanswered: u32,
        done: Option<oneshot::Sender<()>>,
    }

    fn servers(url: &str) -> Vec<Endpoint> {
        Endpoint::parse(url, false).into_iter().collect()
    }

    /// Messages per second. `make` gives a message's frames; `take` says how many messages a frame completed.
    async fn rate(
        url: &str,
        count: u32,
        in_flight: u32,
        make: impl FnMut() -> Vec<Frame> + 'static,
        take: impl FnMut(Frame) -> u32 + 'static,
    ) -> f64 {
        let (done, finished) = oneshot::channel();
        let run = Rc::new(RefCell::new(Run {
            left: count - in_flight,
            unanswered: count,
            done: Some(done),
        }));
        let (make, take) = (Rc::new(RefCell::new(make)), RefCell::new(take));
        let (opened, open) = oneshot::channel();
        let opened = RefCell::new(Some(opened));
        let slot: Rc<RefCell<Option<Rc<Connection>>>> = Rc::default();
        let (mine, more) = (Rc::clone(&slot), Rc::clone(&make));
        let connection =
            Connection::new(servers(url), Options::default(), move |event| match event {
                Event::Opened(_) => {
                    if let Some(opened) = opened.take() {
                        let _ = opened.send(());
                    }
                }
                Event::Changed(_) => {}
                Event::Message(message) => {
                    let completed = (take.borrow_mut())(message.data);
                    for _ in 0..completed {
                        let mut run = run.borrow_mut();
                        run.unanswered = run.unanswered.saturating_sub(1);
                        if run.unanswered == 0
                            && let Some(done) = run.done.take()
                        {
                            let _ = done.send(());
                        }
                        if run.left > 0 {
                            run.left -= 1;
                            drop(run);
                            send(&mine, &mut *more.borrow_mut());
                        }
                    }
                }
            });
        slot.replace(Some(connection));
        let _ = open.await;
        let started = clock::now_exact();
        for _ in 0..in_flight {
            send(&slot, &mut *make.borrow_mut());
        }
        let _ = finished.await;
        let rate = f64::from(count) / (clock::now_exact() - started) * 1_000.0;
        slot.replace(None);
        rate
    }

    fn send(connection: &RefCell<Option<Rc<Connection>>>, make: &mut impl FnMut() -> Vec<Frame>) {
        let connection = connection.borrow().clone();
        for frame in make() {
            let _ = connection.as_ref().map(|connection| connection.send(frame));
        }
    }

    #[wasm_bindgen]
    pub async fn layer(url: String, count: u32, bytes: usize, binary: bool, in_flight: u32) -> f64 {
        let make = move || {
            vec![match binary {
                true => Frame::Binary(vec![120; bytes]),
                false => Frame::Text("x".repeat(bytes)),
            }]
        };
        let take = move |frame: Frame| u32::from(frame.len() == bytes);
        rate(&url, count, in_flight, make, take).await
    }

    fn codec(me: u64) -> Codec {
        let room_key = RoomKey::derive("bench", None);
        let mut codec = Codec::new(
            Tag::derive("bench", None),
            room_key,
            PeerId::from_random(me),
            [0; 4],
        );
        codec.set_shape(Shape {
            form: Form::Binary,
            frame_bytes: LARGEST_FRAME_BYTES,
        });
        codec
    }

    /// The same with envelopes, sealed by one and opened by another.
    #[wasm_bindgen]
    pub async fn sealed(url: String, count: u32, bytes: usize, in_flight: u32) -> f64 {
        let (mut ours, mut theirs) = (codec(1), codec(2));
        let body = vec![120; bytes];
        let make = move || {
            ours.encode(b'u', &body)
                .map(|out| out.frames)
                .unwrap_or_default()
        };
        let take =
            move |frame: Frame| theirs.frame_arrived(0, frame.as_bytes()).messages.len() as u32;
        rate(&url, count, in_flight, make, take).await
    }

    /// Megabytes per second that are sealed in this thread.
    #[wasm_bindgen]
    pub fn sealing() -> f64 {
        let key = RoomKey::derive("bench", None).session(PeerId::FIRST, [0; 4]);
        let body = vec![7; 16 * 1_024];
        let started = clock::now_exact();
        let mut seq = 0;
        while clock::now_exact() - started < 500.0 {
            for _ in 0..16 {
                seq += 1;
                let head = Head {
                    tag: Tag([0; 6]),
                    sender: PeerId::FIRST,
                    seq,
                    part: 0,
                    parts: 1,
                    kind: b'u',
                };
                std::hint::black_box(key.seal(&head, &body));
            }
        }
        let megabytes = f64::from(seq) * body.len() as f64 / 1e6;
        megabytes / (clock::now_exact() - started) * 1_000.0
    }

    /// Connects and drops; gives the pages and the references to JavaScript that stayed.
    #[wasm_bindgen]
    pub async fn cycles(url: String, count: u32) -> Vec<f64> {
        for _ in 0..20 {
            cycle(&url).await;
        }
        let before = held();
        for _ in 0..count {
            cycle(&url).await;
        }
        let after = held();
        vec![after.0 - before.0, after.1 - before.1]
    }

    fn held() -> (f64, f64) {
        let pages = core::arch::wasm32::memory_size(0) as f64;
        (pages, f64::from(wasm_bindgen::externref_heap_live_count()))
    }

    async fn cycle(url: &str) {
        let (opened, open) = oneshot::channel();
        let opened = RefCell::new(Some(opened));
        let connection = Connection::new(servers(url), Options::default(), move |event| {
            if let Event::Opened(_) = event
                && let Some(opened) = opened.take()
            {
                let _ = opened.send(());
            }
        });
        let _ = open.await;
        drop(connection);
    }
}

fn main() {}

//! What people do, in real browsers: `cargo xtask test` runs these, once per engine. To run one:
//! `cargo test --package xtask --test journeys -- chromium::two_people`.

mod boot;
mod chunks;
mod excalidraw;
mod hands;
mod hosts;
mod input;
mod install;
mod liars;
mod lifecycle;
mod next;
mod rooms;
mod storage;
mod tabs;
mod todomvc;
mod together;
mod updates;
mod versions;

use std::{future::Future, pin::Pin, sync::Arc};

use anyhow::Result;
use libtest_mimic::{Arguments, Failed, Trial};
use xtask::{
    browser::{Engine, Screen, Window},
    relay::Faults,
    site,
};

pub const LAPTOP: (u32, u32) = (1_280, 800);

/// A journey's ground: an engine and a served site.
#[derive(Clone)]
pub struct Ground {
    pub engine: Engine,
    pub site: Arc<site::Server>,
    screen: Option<Arc<Screen>>,
}

impl Ground {
    async fn of(engine: Engine) -> Result<Self> {
        Ok(Self {
            engine,
            site: Arc::new(site::Server::start(0, Faults::default()).await?),
            screen: match engine {
                Engine::WebKit => Some(Arc::new(Screen::start().await?)),
                _ => None,
            },
        })
    }

    /// Somebody's browser, with nothing in it.
    pub async fn window(&self) -> Result<Window> {
        Window::open(self.engine, LAPTOP, self.screen.as_deref()).await
    }

    /// The address of a page of a room, on a relay or on none.
    pub fn address(&self, room: &str, page: &str, relay: Option<&str>) -> String {
        address(&self.site.address(), room, page, relay)
    }
}

/// The same, of the site that is served at `base`.
pub fn address(base: &str, room: &str, page: &str, relay: Option<&str>) -> String {
    let relay = relay
        .unwrap_or("none")
        .replace(':', "%3A")
        .replace('/', "%2F");
    format!("{base}#/r/{room}/{page}?relay={relay}")
}

type Journey = fn(Ground) -> Pin<Box<dyn Future<Output = Result<()>>>>;

macro_rules! journeys {
    ($($module:ident::$name:ident),* $(,)?) => {
        [$((stringify!($name), (|ground| Box::pin($module::$name(ground))) as Journey)),*]
    };
}

fn main() {
    let arguments = Arguments::from_args();
    let everywhere = journeys![
        together::two_people_draw_and_plan_through_a_relay_that_dies,
        together::a_page_without_a_relay_says_so_and_keeps_everything,
        together::the_relay_comes_up_after_the_page,
        together::one_site_works_under_a_sub_path,
        todomvc::the_list_behaves_as_todomvc_says,
        input::bad_addresses_cost_a_sentence,
        input::bad_files_cost_a_sentence,
        input::a_damaged_link_opens_nothing_without_a_press,
        input::the_list_is_worked_by_keyboard,
        input::an_item_that_others_move_keeps_what_is_typed_into_it,
        hands::a_lift_that_never_comes_costs_nothing,
        hands::palms_leave_nothing_and_the_pen_always_draws,
        hands::what_is_under_the_pen_is_taken_back_itself_and_kept_when_one_leaves,
        hands::shortcuts_work_on_every_keyboard_layout,
        hands::pinches_and_wheels_zoom_the_board_and_not_the_page,
        hands::the_view_is_kept_and_there_is_a_way_back_to_the_ink,
        hands::a_board_that_fills_moves_nothing_under_a_pen,
        boot::a_program_that_does_not_come_is_said_and_can_be_asked_for_again,
        input::a_crash_says_what_to_do,
        input::tools_undo_and_zoom_do_what_they_say,
        input::the_list_is_undone_by_key_and_button,
        input::what_stopped_the_page_is_set_aside,
        storage::a_full_disk_is_said_and_nothing_is_lost,
        storage::what_was_done_is_taken_back_after_a_reload,
        liars::nobody_speaks_in_the_name_of_another,
        rooms::rooms_are_listed_named_copied_and_forgotten,
        rooms::a_whole_room_travels_as_a_file,
        rooms::a_view_is_followed_until_one_moves_oneself,
    ];
    let mut trials: Vec<Trial> = Engine::ALL
        .into_iter()
        .flat_map(|engine| everywhere.map(|(name, journey)| trial(engine, name, journey)))
        .collect();
    // WebKitGTK's MiniBrowser opens no tabs for a driver, and takes no profile folder.
    let in_two = journeys![
        hands::a_pen_that_rests_is_stored_whole,
        hands::files_are_dropped_on_the_board_and_nowhere_open_in_place_of_the_page,
        hands::a_pointer_leaves_with_its_owner,
        hands::what_is_selected_is_moved_coloured_and_deleted_for_all,
        storage::storage_that_was_deleted_gets_everything_again,
        lifecycle::what_was_saved_survives_a_killed_browser,
        lifecycle::a_browser_that_is_killed_while_somebody_draws_keeps_the_ink,
        rooms::a_room_that_is_forgotten_stays_in_no_other_tab,
        storage::an_older_tab_that_keeps_the_room_is_named,
        tabs::tabs_that_are_reloaded_and_closed_lose_no_edit,
        tabs::tabs_share_one_socket_and_the_next_one_takes_over,
        versions::a_version_is_restored_while_somebody_draws,
        updates::a_new_version_is_used_when_somebody_agrees,
        updates::after_one_visit_the_site_works_without_its_host,
        next::two_versions_meet_in_one_room_and_in_one_browser,
    ];
    for (name, journey) in in_two {
        trials.push(trial(Engine::Chromium, name, journey));
        trials.push(trial(Engine::Firefox, name, journey));
    }
    let in_chromium = journeys![
        boot::storage_that_never_answers_is_not_called_saved,
        hands::another_density_is_painted_anew,
        install::the_browser_offers_to_install_it_wherever_it_is,
        chunks::a_chunk_that_does_not_come_costs_a_sentence,
        chunks::once_used_every_page_works_without_its_host,
        excalidraw::every_exported_stroke_opens_in_excalidraw,
        hosts::caddy_serves_it_as_the_readme_says,
        hosts::nginx_serves_it_as_the_readme_says,
        lifecycle::the_back_button_brings_the_page_back_as_it_was,
        lifecycle::a_frozen_page_catches_up_when_it_thaws,
        together::a_live_room_loses_nothing_whatever_the_network_does,
    ];
    for (name, journey) in in_chromium {
        trials.push(trial(Engine::Chromium, name, journey));
    }
    let arguments = Arguments {
        // Two browsers at a time are what two cores bear.
        test_threads: Some(arguments.test_threads.unwrap_or(1)),
        ..arguments
    };
    libtest_mimic::run(&arguments, trials).exit();
}

fn trial(engine: Engine, name: &str, journey: Journey) -> Trial {
    Trial::test(format!("{}::{name}", engine.name()), move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()?;
        let walked = runtime.block_on(async { journey(Ground::of(engine).await?).await });
        walked.map_err(|error| Failed::from(format!("{error:#}")))
    })
}

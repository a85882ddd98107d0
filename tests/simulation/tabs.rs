//! Tabs of one browser.

use duplex::{
    core::{line::server, session, socket::machine::Input},
    sim::{network::Audience, plan::Plan, world::World},
};

use super::quiet;

/// Three tabs of one browser, and somebody else.
pub fn three_tabs(audience: Audience) -> World {
    let mut world = World::new(Plan {
        tabs: 3,
        ..quiet(8, 4, audience)
    });
    world.run(3_000);
    world
}

fn states(world: &World) -> Vec<&'static str> {
    let sessions = (0..4).filter_map(|client| world.session(client));
    sessions
        .map(|session| session.status().line.connection.name())
        .collect()
}

#[test]
fn tabs_share_one_socket_and_the_next_one_takes_over() {
    for audience in [Audience::Others, Audience::All] {
        let mut world = three_tabs(audience);
        for killed in 0..3 {
            assert_eq!(world.sockets(), 1);
            assert_eq!(states(&world), ["open"; 4]);
            (0..8).for_each(|n| world.operate(n % 4));
            world.run(500);
            assert!(world.agree(), "{audience:?}, before {killed} was killed");
            // Who crashed is missed after a while.
            let people = world.session(3).map(|s| s.status().people);
            assert_eq!(people, Some(4 + killed));
            // By its own browser's tabs at once: its lead was given up.
            let people = (0..3).filter_map(|tab| Some(world.session(tab)?.status().people));
            assert_eq!(people.collect::<Vec<_>>(), [4; 3]);
            // The others go on while it is gone, and are heard within two seconds.
            world.reload(killed);
            (0..8).for_each(|n| world.operate(n % 4));
            world.run(2_000);
            assert_eq!(states(&world), ["open"; 4]);
            world.run(2_000);
            assert!(world.agree(), "{audience:?}, after {killed} was killed");
        }
    }
}

#[test]
fn a_new_tab_meets_the_others_at_once() {
    for (tabs, new) in [(2, 0), (2, 1), (3, 0), (3, 1), (3, 2)] {
        let mut world = World::new(Plan {
            tabs,
            ..quiet(8, tabs, Audience::Others)
        });
        world.run(20_000);
        world.reload(new);
        world.run(1_000);
        let people = world.session(new).map(|s| s.status().people);
        assert_eq!(people, Some(tabs), "tab {new} of {tabs}");
    }
}

#[test]
fn tabs_without_a_socket_know_that_the_relay_is_gone_and_lose_nothing() {
    let mut world = three_tabs(Audience::Others);
    world.set_relay(false);
    world.run(1_000);
    assert_eq!(states(&world), ["waiting"; 4]);
    (0..12).for_each(|n| world.operate(n % 4));
    world.run(1_000);
    for tab in 0..3 {
        let unsent = world.session(tab).map(|s| s.status().line.unsent);
        assert!(unsent > Some(0), "tab {tab}: {unsent:?}");
    }
    world.set_relay(true);
    // Somebody who cannot wait presses "Retry" in a tab that holds no socket.
    for tab in 0..4 {
        world.input(tab, Input::RetryAsked.into());
    }
    world.run(1_000);
    assert_eq!(states(&world), ["open"; 4]);
    world.run(3_000);
    assert!(world.agree());
    for tab in 0..3 {
        assert_eq!(world.session(tab).map(|s| s.status().line.unsent), Some(0));
    }
}

#[test]
fn what_a_server_echoes_of_another_tab_is_no_other_machine() {
    let mut world = three_tabs(Audience::SelfOnly);
    (0..12).for_each(|n| world.operate(n % 3));
    world.run(20_000);
    for tab in 0..3 {
        let audience = world.session(tab).map(|s| s.status().line.server.audience);
        assert_eq!(audience, Some(server::Audience::SelfOnly));
    }
}

/// Browsers slow down what nobody sees: a tab that a person sees finds the relay again sooner.
#[test]
fn a_leader_that_nobody_sees_hands_over_when_it_is_cut_off() {
    let mut world = three_tabs(Audience::Others);
    let hid = |world: &mut World, tab| {
        world.input(tab, Input::Hid.into());
    };
    hid(&mut world, 0);
    hid(&mut world, 1);
    world.run(100);
    assert_eq!(world.sockets(), 1);
    world.set_relay(false);
    world.run(3_000);
    world.set_relay(true);
    world.run(10_000);
    assert_eq!(states(&world), ["open"; 4]);
    let holds: Vec<_> = (0..3).map(|tab| world.holds_socket(tab)).collect();
    assert_eq!(holds, [false, false, true]);
}

/// The tab that holds the socket shows an `alert()`: it keeps its lock and its socket, and does nothing.
#[test]
fn a_tab_whose_leader_is_stopped_goes_on_by_itself_and_follows_again_when_it_can() {
    for stopped_first in [false, true] {
        let mut world = match stopped_first {
            true => World::new(Plan {
                tabs: 3,
                ..quiet(8, 4, Audience::Others)
            }),
            false => three_tabs(Audience::Others),
        };
        if stopped_first {
            // Nobody else ever heard of it.
            world.run(40);
        }
        let leader = (0..3).find(|&tab| world.holds_socket(tab)).unwrap();
        let follower = (leader + 1) % 3;
        world.freeze(leader);
        world.run(16_000);
        assert!(world.holds_socket(follower), "it opened one of its own");
        for n in [follower, 3, follower] {
            world.operate(n);
        }
        world.run(2_000);
        let digest = |world: &World, client| world.session(client).map(|s| s.replica().digest());
        assert_eq!(digest(&world, follower), digest(&world, 3));
        world.thaw(leader);
        world.run(20_000);
        assert_eq!(world.sockets(), 1, "two are one too many");
        assert_eq!(states(&world), ["open"; 4]);
        assert!(world.agree());
    }
}

/// Browsers let the timers of hidden pages ring once a minute: a leader that nobody sees answers all the same.
#[test]
fn a_leader_that_is_only_hidden_is_not_taken_for_stopped() {
    let mut world = three_tabs(Audience::Others);
    let leader = (0..3).find(|&tab| world.holds_socket(tab)).unwrap();
    world.input(leader, Input::Hid.into());
    world.run(120_000);
    assert_eq!(world.sockets(), 1);
    assert!(world.holds_socket(leader));
}

/// Two people, one of them with two tabs: whoever counts people counts two.
#[test]
fn tabs_of_one_browser_count_as_one_person_for_everybody() {
    let plan = Plan {
        tabs: 2,
        ..quiet(11, 3, Audience::Others)
    };
    assert!(plan.signs());
    let mut world = World::new(plan);
    world.run(15_000);
    let people =
        |world: &World| [0, 1, 2].map(|client| world.session(client).map(|s| s.status().people));
    assert_eq!(people(&world), [Some(2); 3]);
    world.run(30_000);
    let in_step = [0, 1, 2].map(|client| world.session(client).map(|s| s.status().in_step));
    assert_eq!(in_step, [Some(1); 3]);
    assert!(
        !world
            .notices
            .iter()
            .any(|notice| matches!(notice, session::Notice::Went(_))),
        "{:?}",
        world.notices
    );
    world.input(1, session::Input::Left);
    world.run(5_000);
    assert_eq!(people(&world)[0], Some(2));
    assert_eq!(people(&world)[2], Some(2));
    assert!(
        !world
            .notices
            .iter()
            .any(|notice| matches!(notice, session::Notice::Went(_))),
        "{:?}",
        world.notices
    );
}

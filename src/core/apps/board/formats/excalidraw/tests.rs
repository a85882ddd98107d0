//! Drawings from elsewhere, and ours on their way there and back.
#![cfg(test)]

use super::{super::super::stroke::tests::STYLE, *};

fn line(points: &[(f64, f64)], simulate_pressure: bool) -> Stroke {
    let sample = |(i, &(x, y)): (usize, &(f64, f64))| Sample {
        at: Point::new(x, y),
        pressure: if simulate_pressure {
            0.5
        } else {
            0.1 * i as f64
        },
    };
    Stroke {
        carried: String::new(),
        style: STYLE,
        z: 0,
        simulate_pressure,
        samples: points.iter().enumerate().map(sample).collect(),
    }
}

#[test]
fn what_is_exported_imports_the_same() {
    let strokes = [
        line(&[(10.0, 10.0), (20.5, -3.25), (0.125, 9.0)], false),
        line(&[(7.0, 7.0)], true),
        line(&[(1.0, 2.0), (3.0, 4.0)], true),
    ];
    let ids: Vec<Id> = ["a", "b", "c"]
        .iter()
        .map(|id| Id::parse(id).unwrap())
        .collect();
    let document = export(ids.iter().zip(strokes.clone()));
    let imported = import(&document).unwrap();
    assert!(imported.skipped.is_empty());
    assert!(imported.changed.is_empty(), "{:?}", imported.changed);
    for (z, (Import { id, stroke, .. }, original)) in
        imported.strokes.iter().zip(&strokes).enumerate()
    {
        assert_eq!(Some(id), ids.get(z));
        assert_eq!(
            *stroke,
            Stroke {
                z: z as u64,
                ..original.clone()
            }
        );
    }
}

#[test]
fn rotation_is_about_the_centre() {
    let document = json!({ "type": "excalidraw", "elements": [{
        "type": "freedraw", "x": 100, "y": 50, "angle": std::f64::consts::PI,
        "points": [[0, 0], [10, 4]], "strokeColor": "#f0c", "strokeWidth": 1,
    }]});
    let Import { stroke, .. } = &import(&document).unwrap().strokes[0];
    assert!((stroke.samples[0].at - Point::new(110.0, 54.0)).hypot() < 1e-9);
    assert_eq!(stroke.style.color, [0xff, 0x00, 0xcc]);
    assert!(stroke.simulate_pressure);
}

fn of_elements(elements: Value) -> Imported {
    import(&json!({ "type": "excalidraw", "elements": elements })).unwrap()
}

/// The same element, with one detail in place of another.
fn with(name: &str, value: Value) -> Imported {
    let mut element = json!({
        "type": "freedraw", "id": "a", "x": 5, "y": 5, "angle": 0, "opacity": 80, "strokeWidth": 2,
        "strokeColor": "#1971c2", "points": [[0, 0], [10, 4], [20, 0]], "pressures": [0.1, 0.2, 0.3],
        "simulatePressure": false,
    });
    element[name] = value;
    of_elements(json!([element]))
}

#[test]
fn what_cannot_be_opened_is_named() {
    let imported = of_elements(json!([
        { "type": "rectangle" },
        { "type": "freedraw", "x": 0, "y": 0, "points": [] },
        { "type": "freedraw", "x": 1e300, "y": 0, "points": [[0, 0]] },
        { "type": "freedraw", "x": 0, "y": 0, "points": [["a", 0], null, 7] },
        { "type": "freedraw", "x": 0, "y": 0 },
        { "type": "freedraw", "x": 0, "y": 0, "points": [[0, 0]], "isDeleted": true },
        17, null, {}, [],
    ]));
    assert!(imported.strokes.is_empty());
    let places: Vec<_> = imported.skipped.iter().map(|remark| remark.index).collect();
    assert_eq!(places, (0..10).collect::<Vec<_>>());
    assert!(
        imported.skipped[0]
            .why
            .starts_with("Only freehand strokes can be opened yet")
    );
    for Remark { why, .. } in &imported.skipped {
        let ours = ["expected", "invalid", "missing field", "line "]
            .iter()
            .all(|word| !why.contains(word));
        assert!(why.ends_with('.') && ours, "a parser's words: {why}");
    }
}

#[test]
fn ink_is_kept_and_a_bad_detail_is_replaced_and_said() {
    for (name, value, is_said) in [
        (
            "points",
            json!([[0, 0], null, [10, 4], [null, 3], [20, 0]]),
            true,
        ),
        (
            "points",
            json!([[0, 0, 0.5], [10, 4, 0.5], [20, 0, 1]]),
            false,
        ),
        (
            "points",
            json!([{"x": 0, "y": 0}, {"x": 10, "y": 4}, ["20", "0"]]),
            false,
        ),
        ("points", json!([[0, 0], [1e12, 0], [10, 4], [20, 0]]), true),
        ("points", json!([0, 0, 10, 4, 20, 0]), false),
        ("pressures", json!([null, 0.2, 0.3]), true),
        ("pressures", json!([0.1, 0.2]), true),
        ("pressures", json!([0.1, 0.2, 0.3, 0.4]), false),
        ("pressures", json!([]), false),
        ("pressures", json!(null), false),
        ("pressures", json!("none"), false),
        ("angle", json!(null), true),
        ("angle", json!("0"), false),
        ("x", json!(null), true),
        ("strokeWidth", json!(0), true),
        ("strokeWidth", json!(-3), true),
        ("strokeWidth", json!("2"), false),
        ("strokeWidth", json!(1e9), false),
        ("strokeWidth", json!([]), true),
        ("opacity", json!(null), true),
        ("opacity", json!(900), false),
        ("type", json!("draw"), false),
        ("id", json!(7), false),
        ("id", json!("x".repeat(200)), false),
        ("strokeColor", json!("transparent"), true),
        ("strokeColor", json!("#1971c200"), true),
        ("strokeColor", json!("no colour"), true),
        ("strokeColor", json!(null), true),
        ("customData", json!({"any": [1, {"thing": null}]}), false),
        ("link", json!("x".repeat(9_000)), true),
    ] {
        let case = format!("{name}: {value}");
        let imported = with(name, value);
        assert_eq!(
            (imported.strokes.len(), imported.skipped.len()),
            (1, 0),
            "{case}"
        );
        assert_eq!(
            !imported.changed.is_empty(),
            is_said,
            "{case}: {:?}",
            imported.changed
        );
        let Import { stroke, .. } = &imported.strokes[0];
        assert_eq!(stroke.samples.len(), 3, "{case}");
        assert!(stroke.to_bytes(6).is_ok(), "{case}");
    }
}

#[test]
fn any_colour_of_css_is_one() {
    let blue = [0x19, 0x71, 0xc2];
    for (text, color, opacity) in [
        ("#1971c2", blue, 80),
        ("1971c2", blue, 80),
        (" #1971C2 ", blue, 80),
        ("#1971c280", blue, 40),
        ("rgb(25, 113, 194)", blue, 80),
        ("rgb(25 113 194 / 50%)", blue, 40),
        ("rgba(25,113,194,0.25)", blue, 20),
        ("hsl(0, 100%, 50%)", [255, 0, 0], 80),
        ("red", [255, 0, 0], 80),
        ("RebeccaPurple", [0x66, 0x33, 0x99], 80),
        ("#f0c", [0xff, 0, 0xcc], 80),
        ("#f0c8", [0xff, 0, 0xcc], 43),
    ] {
        let imported = with("strokeColor", json!(text));
        let style = imported.strokes[0].stroke.style;
        assert_eq!((style.color, style.opacity), (color, opacity), "{text}");
        assert!(
            imported.changed.is_empty(),
            "{text}: {:?}",
            imported.changed
        );
    }
}

#[test]
fn a_stroke_of_any_length_is_opened_in_joined_pieces() {
    let points: Vec<_> = (0..45_001).map(|n| (n, n % 9)).collect();
    let imported = with("points", json!(points));
    assert_eq!(imported.strokes.len(), 3);
    let is_said = |remark: &Remark| remark.why.contains("45001 points");
    assert!(imported.changed.iter().any(is_said));
    for pair in imported.strokes.windows(2) {
        assert_eq!(
            pair[0].stroke.samples.last(),
            pair[1].stroke.samples.first()
        );
        assert_ne!(pair[0].id, pair[1].id);
    }
    let samples = imported
        .strokes
        .iter()
        .map(|import| import.stroke.samples.len());
    assert_eq!(samples.sum::<usize>(), 45_001 + 2);
    for just in [STROKE_SAMPLES, STROKE_SAMPLES + 1] {
        let points: Vec<_> = (0..just).map(|n| (n, n % 9)).collect();
        let pieces = with("points", json!(points)).strokes;
        assert_eq!(pieces.len(), 1 + usize::from(just > STROKE_SAMPLES));
        assert!(pieces.iter().all(|piece| piece.stroke.to_bytes(6).is_ok()));
    }
}

#[test]
fn what_is_not_shown_is_given_back() {
    let mut element = with("id", json!("a")).strokes.remove(0);
    assert_eq!(
        element.stroke.carried, "",
        "nothing is carried that says nothing"
    );
    let carried = json!({
        "backgroundColor": "#ffc9c9", "fillStyle": "hachure", "groupIds": ["g"], "link": "https://example.org",
        "customData": {"half": "\u{fffd}", "n": 1.5}, "locked": true,
    });
    let mut given =
        json!({"type": "freedraw", "id": "a", "x": 0, "y": 0, "points": [[0, 0], [9, 9]]});
    for (name, value) in carried.as_object().unwrap() {
        given[name] = value.clone();
    }
    element = of_elements(json!([given])).strokes.remove(0);
    // Through the document, too.
    let stroke = Stroke::from_bytes(&element.stroke.to_bytes(6).unwrap()).unwrap();
    let id = element.id;
    let exported = export(std::iter::once((&id, stroke)));
    for (name, value) in carried.as_object().unwrap() {
        assert_eq!(&exported["elements"][0][name], value);
    }
    // It cannot speak for what is ours.
    let mut liar = of_elements(json!([given])).strokes.remove(0).stroke;
    liar.carried = json!({"type": "text", "points": [], "isDeleted": true}).to_string();
    let exported = export(std::iter::once((&id, liar)));
    assert_eq!(exported["elements"][0]["type"], "freedraw");
    assert_eq!(exported["elements"][0]["isDeleted"], false);
}

/// One that is far out must not become what the others turn about.
#[test]
fn a_wild_point_costs_itself_however_the_stroke_is_turned() {
    for wild in [json!(1e12), json!(-1e308), json!(1e308)] {
        let turned = json!({
            "type": "freedraw", "x": 5, "y": 5, "angle": 0.5, "points": [[0, 0], [wild, 0], [10, 4], [20, 0]],
        });
        let mut without = turned.clone();
        without["points"] = json!([[0, 0], [10, 4], [20, 0]]);
        let samples = |imported: Imported| imported.strokes[0].stroke.samples.clone();
        let imported = of_elements(json!([turned]));
        assert_eq!(imported.changed.len(), 1);
        assert_eq!(samples(imported), samples(of_elements(json!([without]))));
    }
}

/// What other parts of Excalidraw write, and what people make of its files by hand.
#[test]
fn ink_is_found_in_every_file_that_has_some() {
    let ink = json!({"type": "freedraw", "points": [[0, 0], [9, 9]], "x": 1, "y": 1});
    let pair = json!([ink, ink]);
    for file in [
        json!({"type": "excalidraw", "elements": pair}),
        json!({"type": "excalidraw/clipboard", "elements": pair, "files": {}}),
        json!({"elements": pair}),
        pair.clone(),
        json!({"type": "excalidrawlib", "version": 2, "libraryItems": [{"elements": [ink]}, {"elements": [ink]}]}),
        json!({"type": "excalidrawlib", "version": 1, "library": [[ink], [ink]]}),
    ] {
        assert_eq!(import(&file).unwrap().strokes.len(), 2, "{file}");
    }
    let python = r#"{"type": "excalidraw", "elements": [{"type": "freedraw", "x": 0, "y": NaN, "points": [[0, 0], [NaN, 1], [-Infinity, 2], [9, 9]]}]}"#;
    let imported = import_text(python).unwrap();
    assert_eq!(imported.strokes[0].stroke.samples.len(), 2);
}

#[test]
fn other_files_are_refused_with_a_sentence() {
    for nothing in ["", " \n", "\u{feff}"] {
        assert_eq!(import_text(nothing).unwrap_err(), ImportError::Empty);
    }
    for other in [
        r#"[{"title": "milk"}]"#,
        r#"{"elements": [1]}"#,
        "{}",
        "7",
        r#"{"type": "drawio", "elements": []}"#,
    ] {
        let error = import_text(other).unwrap_err();
        assert_eq!(error, ImportError::NotExcalidraw, "{other}");
    }
    assert_eq!(import_text("{").unwrap_err(), ImportError::Json);
    assert_eq!(import_text("[]").unwrap_err(), ImportError::NotExcalidraw);
    assert_eq!(
        import_text(r#"{"type":"excalidraw"}"#).unwrap_err(),
        ImportError::NoElements
    );
}

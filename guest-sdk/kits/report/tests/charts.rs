//! Whatever is put into charts and pages: pictures are well-formed, text stays text, and numbers are numbers.

use fuelcell_report_kit::chart::{Axis, Bars, Boxes, Chart, HeatMap, Histogram, Lines, Picture, Scatter};
use fuelcell_report_kit::{Column, Page, Quality, Render, Table, Tile, findings, fold, html, lead};
use proptest::prelude::*;
use quick_xml::events::Event;

/// Every kind of chart, of these values and with this text wherever one can stand.
fn all(axis: &Axis, values: &[f64], text: &str) -> Vec<Picture> {
    let pairs = || values.iter().copied().zip(values.iter().rev().copied());
    let other = || Axis::number(text, text);
    let band = pairs().map(|(x, y)| (x, y, y * 2.0));
    let bars = values.iter().fold(Bars::new(text, text, axis.clone()), |bars, &value| {
        bars.bar(text, value).interval(value, 2.0 * value)
    });
    vec![
        Histogram::of(text, axis.clone(), text, values).mark(1.0, text).draw(),
        Histogram::counted(text, axis.clone(), text, (values[0], values[1]), vec![1, 0, 3])
            .below(1)
            .beyond(2)
            .draw(),
        bars.draw(),
        Bars::new(text, text, axis.clone()).series([text, text]).group(text, values.iter().copied()).draw(),
        Lines::new(text, axis.clone(), other())
            .line(text, pairs())
            .band(band)
            .area()
            .mark(values[0], text)
            .draw(),
        Lines::new(text, other(), axis.clone())
            .dashed(text, pairs())
            .line(text, [])
            .from_least()
            .wide()
            .draw(),
        Scatter::new(text, axis.clone(), other())
            .dots(text, pairs())
            .dots(text, pairs())
            .line((0.0, 0.0), (1.0, 1.0))
            .draw(),
        Boxes::new(text, text, axis.clone()).group(text, values).group(text, &[]).draw(),
        HeatMap::new(text, text, text, axis.clone(), [text, text])
            .row(text, values.iter().copied())
            .by_root()
            .draw(),
    ]
}

/// The names of all elements. Panics where the text is not well-formed, or a place in the picture is no number.
fn elements(xml: &str) -> Vec<String> {
    let mut reader = quick_xml::Reader::from_str(xml);
    let mut names = Vec::new();
    loop {
        match reader.read_event().expect("well-formed") {
            Event::Start(tag) | Event::Empty(tag) => {
                for attribute in tag.attributes() {
                    let attribute = attribute.expect("an attribute is well-formed and stands once");
                    let value = &attribute.value;
                    let named = ["x", "y", "width", "height", "cx", "cy", "r"];
                    if named.contains(&attribute.key.as_ref()) {
                        assert!(value.parse::<f64>().is_ok_and(f64::is_finite), "{value} in {xml}");
                    }
                    if attribute.key.as_ref() == "d" {
                        assert!(!value.contains("NaN") && !value.contains("inf"), "{value}");
                    }
                }
                names.push(tag.name().as_ref().to_string());
            }
            Event::Eof => return names,
            _ => {}
        }
    }
}

const EVIL: &str = "<script>alert(1)</script>\"'&\u{0}\u{202e}]]>";

#[test]
fn text_stays_text_in_charts() {
    for picture in all(&Axis::duration(EVIL), &[1.0, 2.0, 40.0], EVIL) {
        let svg = picture.file();
        assert!(!elements(&svg).contains(&"script".to_string()), "{svg}");
        assert!(!svg.contains(['\u{0}', '\u{202e}']), "{svg}");
        assert!(!picture.render().0.contains("<script"));
        // Nothing is loaded from anywhere: the only address is the name of the SVG namespace.
        assert!(!svg.replace("http://www.w3.org/2000/svg", "").contains("//"), "{svg}");
    }
}

#[test]
fn text_stays_text_in_pages() {
    let mut table = Table::new([Column::name(EVIL), Column::number(EVIL)]).caption(EVIL);
    table.row(&[&EVIL, &EVIL]).row_of([EVIL]);
    let quality = Quality {
        about: vec![EVIL.into()],
        parts: vec![(EVIL, 1.0, 1.0)],
        findings: vec![EVIL.into()],
        ..Quality::default()
    };
    let mut page = Page::new(EVIL, EVIL);
    page.window_title(EVIL).note(EVIL).footer(EVIL).tiles([Tile::new(EVIL, EVIL)]);
    page.section("one", EVIL, html! { (lead(EVIL)) (table) (quality) (EVIL) });
    page.section("two", EVIL, html! { (findings([(EVIL, EVIL)])) (fold(EVIL, EVIL, EVIL, true)) });
    let mut out = Vec::new();
    page.write(&mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(!text.contains("<script") && !text.contains(['\u{0}', '\u{202e}']), "{text}");
    assert_eq!(text.matches("<section id=").count(), 2);
    assert!(text.contains("<a href=\"#two\">"), "{text}");
}

#[test]
fn the_same_figures_give_the_same_bytes() {
    let files =
        || all(&Axis::time("When"), &[0.0, 1e9, 2e9], "n").iter().map(Picture::file).collect::<Vec<_>>();
    assert_eq!(files(), files());
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        -1e3..1e3,
        Just(0.0),
        Just(f64::MAX),
        Just(f64::NAN),
        Just(f64::NEG_INFINITY),
        1.6e9..1.8e9,
    ]
}

fn axis() -> impl Strategy<Value = Axis> {
    prop_oneof![
        Just(Axis::count("n")),
        Just(Axis::number("n", "EUR")),
        Just(Axis::share("n")),
        Just(Axis::duration("n")),
        Just(Axis::time("n")),
        Just(Axis::order("n")),
        (value(), value()).prop_map(|(from, to)| Axis::number("n", "").range(from, to)),
    ]
}

proptest! {
    #[test]
    fn any_numbers_can_be_drawn(axis in axis(), values in prop::collection::vec(value(), 2..40)) {
        for picture in all(&axis, &values, "n") {
            let svg = picture.file();
            prop_assert!(elements(&svg).len() > 3);
            prop_assert!(svg.len() < 200_000, "{} bytes", svg.len());
            picture.render();
        }
    }
}

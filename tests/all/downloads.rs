//! `/downloads/…`

use fuelcell_tests::{Client, Project, Server, browser};
use serde_json::json;

/// A job with an HTML artifact, and the link to it.
fn link(server: &Server) -> (Client, String) {
    let project = Project::new(server).with_probe();
    let page = "<script>document.title='ran'</script>";
    let job =
        project.probe(json!([{"do": "artifact", "name": "page (1).html", "text": page, "primary": true}]));
    project.wait_for(&job, "Completed");
    let url = project.results(&job)["results"]["primaryOutput"]["downloadUrl"].as_str().unwrap().to_owned();
    (server.client(None), url)
}

#[test]
fn a_link_opens_without_a_header_and_can_do_no_harm() {
    let server = Server::start();
    let (client, url) = link(&server);
    assert!(url.starts_with(server.base()), "links are absolute: {url}");
    let answer = client.get(&url);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(answer.header("content-disposition"), "inline; filename=\"page (1).html\"");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let policy = answer.header("content-security-policy");
    assert!(
        policy.starts_with("sandbox;")
            && policy.contains("default-src 'none'")
            && !policy.contains("allow-scripts")
    );
}

#[test]
fn an_old_link_is_410_and_says_what_to_do() {
    let server = Server::start_set(&[("SERVICE__LINK_SECONDS", "0")]);
    let (client, url) = link(&server);
    let (code, detail) = client.get(&url).problem(410);
    assert_eq!(code, "LinkExpired");
    assert!(detail.contains("fetch the job's results again"), "{detail}");
}

/// A link may be opened by whoever gets it, with our origin's cookies and storage in reach.
#[test]
fn scripts_in_artifacts_do_not_run_in_a_browser() {
    let html = "<!doctype html><p id='it'>quiet</p><script>document.getElementById('it').textContent = 'ran'</script>";
    let svg = "<svg xmlns='http://www.w3.org/2000/svg'><text id='it' y='20'>quiet</text>\
               <script>document.getElementById('it').textContent = 'ran'</script></svg>";
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    for (name, text) in [("page.html", html), ("map.svg", svg)] {
        let copy = server.scratch(name);
        std::fs::write(&copy, text).unwrap();
        let by_itself = browser::dom(&format!("file://{}", copy.display()));
        assert!(by_itself.contains(">ran<"), "the browser runs the script of {name} by itself: {by_itself}");

        let job = project.probe(json!([{"do": "artifact", "name": name, "text": text, "primary": true}]));
        project.wait_for(&job, "Completed");
        let results = project.results(&job);
        let served = browser::dom(results["results"]["primaryOutput"]["downloadUrl"].as_str().unwrap());
        assert!(served.contains(">quiet<"), "{name} is shown, its script is not run: {served}");
    }
}

#[test]
fn ranges_and_etags_save_bytes() {
    let server = Server::start();
    let (client, url) = link(&server);
    let whole = client.get(&url);
    let range = |spec: &str| client.send("GET", &url, &[("range", spec)], &[]);
    let size = whole.body.len();
    let part = range("bytes=0-7");
    assert_eq!((part.status, part.text().as_str()), (206, "<script>"));
    assert_eq!(part.header("content-range"), format!("bytes 0-7/{size}"));
    assert_eq!(range("bytes=-9").text(), "</script>");
    assert_eq!(range("bytes=8-").body.len(), size - 8);
    assert_eq!(range("bytes=9999-").status, 416);
    assert_eq!(range("bytes=0-1,3-4").status, 200, "several ranges get the whole");
    let known = client.send("GET", &url, &[("if-none-match", whole.header("etag"))], &[]);
    assert_eq!((known.status, known.body.len()), (304, 0));
}

#[test]
fn changed_links_are_403_and_links_outlive_a_restart() {
    let mut server = Server::start();
    let (client, url) = link(&server);
    let (address, query) = url.split_once('?').unwrap();
    let (expires, signature) = query.split_once('&').unwrap();
    let later = format!("expires={}", expires.trim_start_matches("expires=").parse::<i64>().unwrap() + 1);
    for changed in [
        address.to_owned(),
        format!("{address}?{later}&{signature}"),
        format!("{address}?{expires}&signature=AAAA"),
        format!("{address}?{expires}"),
        format!("{}x.html?{query}", address.trim_end_matches(".html")),
    ] {
        assert_eq!(client.get(&changed).problem(403).0, "BadSignature", "{changed}");
    }
    let path = url.trim_start_matches(server.base()).to_owned();
    assert!(server.terminate());
    server.restart();
    assert_eq!(server.client(None).get(&path).status, 200);
}

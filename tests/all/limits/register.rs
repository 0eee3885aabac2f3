//! Where each row of `docs/limits.md` is tried with as many as it says, and with one more.

use fuelcell_tests::register::exists;
use fuelcell_tests::{built, limits};
use std::collections::BTreeSet;
use std::fs;

/// Tests, and the rows that each tries.
struct Tests {
    file: &'static str,
    tests: &'static [(&'static str, &'static [&'static str])],
}

const REGISTER: &[Tests] = &[
    Tests {
        file: "tests/all/limits.rs",
        tests: &[(
            "as_many_as_the_document_says_are_taken_and_one_more_is_refused",
            &[
                "a JSON body",
                "`pageSize` of jobs and of what teams keep",
                "`limit` of a job's log",
                "`limit` of all other lists",
                "`wait` for a job",
                "`timeoutMinutes`",
                "`Content-Digest`",
                "`parameters` of a pipeline, or of its schedule",
                "names of tenants, projects, pipelines, jobs and subjects",
                "views, and sets of parameters, of a project",
                "a view's query, or a set of parameters",
                "`hours` of `GET usage/hours`",
                "`jobDescription`",
                "`labels` of a job",
                "a label's key, or its value",
                "`emailRecipients`",
                "an address of `emailRecipients`",
                "`jobIds` of one change",
                "`text` that is looked for",
                "`pattern` that is looked for in a log",
                "webhooks of a project",
                "a webhook's `url`",
                "`overlapSeconds` of a webhook's secret",
                "`domains` of a project's rules for e-mail",
                "a domain of them",
                "`Idempotency-Key`",
                "`retryReason`",
                "`reason` of a cancel",
                "`catchUpSeconds`",
                "secrets of a project",
                "headers that may carry a secret",
                "the name of such a header",
                "days of `GET usage`",
                "days of `GET usage` by day and module, subject or label",
                "a secret's value",
                "a module",
                "core instances of a component",
                "linear memories of a component",
                "tables of a component",
                "a module's manifest",
                "a title, name or other word of a manifest",
                "the description in a manifest",
                "inputs, or outputs, in a manifest",
                "the schema of a module's parameters",
                "nesting of that schema",
                "objects of that schema, references written out",
                "different patterns of that schema",
                "text of all these patterns",
                "`cron` of a schedule",
                "a job type",
                "hosts, or secrets, that a module is granted",
            ],
        )],
    },
    Tests {
        file: "tests/all/limits/beyond.rs",
        tests: &[
            (
                "a_head_has_as_many_bytes_and_headers_as_the_document_says",
                &["the head of a request", "headers of a request"],
            ),
            (
                "an_address_is_whole_in_the_audit_log_as_far_as_the_document_says",
                &["an address in the audit log"],
            ),
            (
                "the_name_of_an_output_is_as_long_as_the_document_says",
                &["the name of an output, folders included", "one folder or file in the name of an output"],
            ),
            ("an_engine_is_as_large_as_the_document_says", &["an engine"]),
        ],
    },
    Tests {
        file: "tests/all/execution/batch.rs",
        tests: &[
            (
                "a_batch_has_as_many_jobs_and_bytes_as_the_document_says",
                &["jobs of a batch", "the body of a batch of jobs"],
            ),
            (
                "all_that_is_wrong_with_a_job_of_a_batch_is_told_and_a_coded_batch_is_refused",
                &["refused jobs of a batch of which all faults are told"],
            ),
            (
                "what_pipelines_lend_to_a_batch_is_bounded",
                &["parameters of a batch's jobs, with what their pipelines lend them"],
            ),
        ],
    },
    Tests {
        file: "tests/all/datamachine/list.rs",
        tests: &[("wrong_parameters_are_named", &["`per_page` of the Data Machine jobs API"])],
    },
    Tests {
        file: "tests/all/registry/modules.rs",
        tests: &[(
            "a_tenants_line_of_modules_is_as_long_as_the_document_says",
            &["a tenant's modules that arrive or wait for their compiler"],
        )],
    },
    Tests {
        file: "crates/service/src/resumable/tests.rs",
        tests: &[(
            "a_project_has_as_many_unfinished_uploads_as_is_stated",
            &["unfinished uploads of a project"],
        )],
    },
    Tests {
        file: "crates/api/src/request_id.rs",
        tests: &[("ids_are_kept_where_they_are_short_and_plain", &["`X-Request-Id` that is kept"])],
    },
    Tests {
        file: "crates/api/src/problem.rs",
        tests: &[
            ("an_answer_has_as_many_bytes_as_is_stated_and_what_is_beyond_is_cut", &["an error answer"]),
            ("as_many_faults_are_told_as_is_stated_and_the_others_counted", &["faults of an error answer"]),
        ],
    },
    Tests {
        file: "crates/api/src/protection/tests.rs",
        tests: &[
            (
                "a_body_without_a_length_counts_as_the_largest_that_is_held",
                &["bytes that a request's body counts as while it arrives"],
            ),
            (
                "bodies_count_by_token_tenant_and_in_all_until_their_requests_are_answered",
                &[
                    "bodies of a token's requests that arrive (`api.max_token_arriving_bytes`)",
                    "bodies of a tenant's requests that arrive (`api.max_tenant_arriving_bytes`)",
                    "bodies of all requests that arrive (`api.max_arriving_bytes`)",
                ],
            ),
            (
                "changes_are_shed_beyond_as_many_as_may_be_under_way",
                &[
                    "changes of a tenant that are being carried out (`api.max_tenant_changes`)",
                    "changes of all that are being carried out (`api.max_changes`)",
                ],
            ),
        ],
    },
    Tests {
        file: "crates/api/src/protection/rates.rs",
        tests: &[(
            "a_token_and_a_tenant_have_as_many_requests_as_they_may_and_one_more_when_they_are_told",
            &[
                "requests of a token a second, and at once (`api.token_requests_per_second`)",
                "requests of a tenant a second, and at once (`api.tenant_requests_per_second`)",
            ],
        )],
    },
    Tests {
        file: "crates/api/src/cors.rs",
        tests: &[("all_origins_stand_alone_and_there_are_not_too_many", &["origins of `api.cors_origins`"])],
    },
    Tests {
        file: "crates/api/src/tls/tests.rs",
        tests: &[("a_file_is_read_up_to_the_stated_size", &["a file of `api.tls`"])],
    },
    Tests {
        file: "crates/store/src/pages.rs",
        tests: &[(
            "a_page_ends_with_the_row_with_which_it_is_large",
            &["a page by `cursor`, but for its last entry"],
        )],
    },
    Tests {
        file: "crates/service/src/bulk_work/tests.rs",
        tests: &[(
            "a_tenant_has_as_many_running_and_a_project_keeps_as_many_as_is_stated",
            &["bulk actions of a tenant that run", "bulk actions that a project keeps"],
        )],
    },
    Tests {
        file: "crates/service/src/bulk_sets.rs",
        tests: &[(
            "as_many_jobs_are_looked_through_as_is_stated",
            &["jobs that are looked through for a bulk action"],
        )],
    },
    Tests {
        file: "tests/all/execution/bulk_actions.rs",
        tests: &[(
            "a_bulk_action_is_refused_without_a_filter_and_has_as_many_jobs_as_the_document_says",
            &["jobs of a bulk action"],
        )],
    },
    Tests {
        file: "crates/service/src/search.rs",
        tests: &[
            (
                "as_many_jobs_are_looked_through_as_is_stated",
                &["jobs that are looked through for one page of a search"],
            ),
            (
                "what_is_found_ends_with_a_pages_bytes_and_the_search_with_those_it_looked_through",
                &["bytes of jobs or lines that are looked through for one page of a search"],
            ),
        ],
    },
    Tests {
        file: "crates/service/src/system.rs",
        tests: &[(
            "as_many_tenants_are_listed_as_is_stated",
            &["tenants that the state of the server lists"],
        )],
    },
    Tests {
        file: "crates/service/src/sessions.rs",
        tests: &[
            ("the_one_that_was_idle_for_longest_makes_room", &["sessions of one token"]),
            ("as_many_projects_are_listed_as_is_stated", &["projects that a session lists"]),
        ],
    },
    Tests {
        file: "crates/service/src/session_table.rs",
        tests: &[("whoever_has_opened_most_makes_room", &["sessions of all tokens"])],
    },
    Tests {
        file: "crates/service/src/log_search.rs",
        tests: &[
            (
                "searches_by_pattern_stand_in_a_line_of_their_tenant",
                &["a tenant's searches of logs by pattern, under way and waiting"],
            ),
            (
                "as_many_lines_are_looked_through_as_is_stated",
                &["lines of a log that are looked through for one page of a search"],
            ),
        ],
    },
    Tests {
        file: "crates/service/src/checks.rs",
        tests: &[
            (
                "as_many_checks_of_a_tenant_wait_as_is_stated",
                &["a tenant's requests whose parameters wait to be checked"],
            ),
            (
                "whoever_waits_too_long_is_told_so",
                &["a check of parameters or of a schema, with waiting for its turn"],
            ),
        ],
    },
    Tests {
        file: "crates/service/src/usage.rs",
        tests: &[(
            "what_burnt_most_is_shown_and_nothing_is_left_out_of_the_sum",
            &["groups of `GET usage` that are told apart"],
        )],
    },
    Tests {
        file: "crates/service/src/wait.rs",
        tests: &[("as_many_requests_wait_as_is_stated", &["requests of all tenants that wait for a job"])],
    },
    Tests {
        file: "crates/domain/src/artifact.rs",
        tests: &[(
            "a_name_that_stands_for_type_and_title_may_be_longer_than_they_are",
            &["the type, title or media type of an output"],
        )],
    },
    Tests {
        file: "crates/domain/src/delivery.rs",
        tests: &[(
            "tries_and_what_they_were_answered_are_kept_as_far_as_is_stated",
            &["tries that a delivery shows", "an answer that a try shows"],
        )],
    },
    Tests {
        file: "crates/domain/src/script.rs",
        tests: &[(
            "paths_are_those_that_every_system_can_have",
            &["a path in a script module", "parts of such a path"],
        )],
    },
    Tests {
        file: "crates/domain/src/syntax.rs",
        tests: &[("a_report_is_read_as_far_as_is_stated", &["faults of a script's sources that are told"])],
    },
    Tests {
        file: "crates/service/src/syntax_turns.rs",
        tests: &[(
            "a_check_waits_for_its_turn_as_long_as_is_stated",
            &["waiting for that, while others are read"],
        )],
    },
    Tests {
        file: "tests/all/python/syntax.rs",
        tests: &[(
            "what_is_not_read_in_time_is_taken_unchecked",
            &["reading the sources of a script when it is uploaded"],
        )],
    },
    Tests {
        file: "crates/rules/src/patterns.rs",
        tests: &[
            ("a_program_is_about_as_large_as_is_stated", &["the program that one pattern becomes"]),
            ("programs_together_are_as_large_as_is_stated", &["all such programs of a schema"]),
        ],
    },
    Tests {
        file: "crates/rules/src/schema/tests.rs",
        tests: &[
            (
                "patterns_have_as_many_states_as_is_stated",
                &["states of all patterns, each counted as often as it is used"],
            ),
            (
                "a_check_takes_as_many_steps_as_is_stated",
                &[
                    "checking one job's parameters: states times bytes of text, four times parts of the schema times values",
                ],
            ),
            (
                "faults_are_gathered_as_far_as_is_stated",
                &["faults of such a check that are gathered: parts of the schema times values"],
            ),
            (
                "values_are_copied_as_far_as_is_stated",
                &["values that they copy: alternatives of the schema times the size of the parameters"],
            ),
        ],
    },
    Tests {
        file: "crates/rules/src/inputs.rs",
        tests: &[("the_limit_is_one_for_all_of_them", &["datasets that a job is given by name"])],
    },
    Tests {
        file: "crates/scheduler/src/tests/host.rs",
        tests: &[("a_checkpoint_is_replaced_and_there_for_the_next_attempt", &["a checkpoint"])],
    },
    Tests {
        file: "crates/scheduler/src/log.rs",
        tests: &[(
            "a_log_is_as_large_as_is_stated_and_a_quarter_of_it_is_for_warnings_and_errors",
            &["the log of an attempt (`job_log_bytes`)"],
        )],
    },
    Tests {
        file: "crates/outbound/src/outlet/tests.rs",
        tests: &[
            (
                "a_body_that_is_sent_is_as_long_as_is_stated",
                &["a body over HTTP that a job sends or receives"],
            ),
            (
                "a_body_that_is_received_is_as_long_as_is_stated",
                &["a body over HTTP that a job sends or receives"],
            ),
            ("as_many_requests_are_under_way_as_is_stated", &["requests over HTTP that a job has at a time"]),
        ],
    },
    Tests {
        file: "crates/sandbox/src/cell/requests.rs",
        tests: &[("a_body_is_as_long_as_is_stated", &["a body over HTTP that a job sends or receives"])],
    },
    Tests {
        file: "crates/sandbox/src/script.rs",
        tests: &[
            ("an_archive_is_as_large_as_is_stated", &["the archive of a script module"]),
            (
                "what_unpacks_to_too_much_is_not_unpacked",
                &["one file of a script module, unpacked", "all files of a script module, unpacked"],
            ),
            ("files_are_counted", &["files and folders of a script module"]),
        ],
    },
    Tests {
        file: "crates/sandbox/src/cell/sampler.rs",
        tests: &[(
            "stacks_beyond_what_is_kept_count_for_the_others",
            &["different call stacks of a profile"],
        )],
    },
    Tests {
        file: "crates/scheduler/src/tests/ends.rs",
        tests: &[("a_file_of_a_profile_is_as_long_as_is_stated", &["a file of a job's profile"])],
    },
    Tests {
        file: "crates/sandbox/src/files/disk.rs",
        tests: &[
            ("entries_are_counted_exactly", &["files, directories and links of an attempt"]),
            ("artifacts_are_counted", &["artifacts of an attempt"]),
        ],
    },
    Tests {
        file: "crates/sandbox/tests/sandbox/inspect.rs",
        tests: &[
            ("a_module_is_as_large_as_is_stated", &["a module"]),
            (
                "what_no_compiler_should_see_is_refused",
                &[
                    "one function of a module",
                    "local variables of one function",
                    "functions of a module",
                    "types of a module",
                    "exports of a module",
                    "imports of a module",
                    "core modules and components in a module",
                ],
            ),
            ("a_table_has_a_limit_that_is_named", &["elements of one table"]),
        ],
    },
    Tests {
        file: "crates/sandbox/tests/sandbox/limits.rs",
        tests: &[
            ("bytes_of_the_stack", &["a guest's call stack"]),
            ("core_instances", &["core instances of a component"]),
            ("memories", &["linear memories of a component"]),
            ("tables", &["tables of a component"]),
            ("elements_of_a_table", &["elements of one table"]),
            ("handles", &["handles that a guest holds"]),
            ("bytes_of_a_host_call", &["lists and texts of one host call"]),
            ("random_bytes", &["random bytes of an attempt"]),
        ],
    },
];

#[test]
fn each_row_of_the_document_has_a_test_and_each_test_is_there() {
    let mut tried = BTreeSet::new();
    for Tests { file, tests } in REGISTER {
        let code = fs::read_to_string(built::source(file)).unwrap();
        for (test, rows) in *tests {
            assert!(exists(&format!("{file}::{test}")), "{file} has no test {test}");
            for row in *rows {
                assert!(tried.insert((row, file, test)), "{row}: {test} stands there twice");
                // Tests that do not see the constants take the number from the document, by the row's name.
                let names_it = file.starts_with("crates/") || code.contains(&format!("{row:?}"));
                assert!(names_it, "{file} does not name {row:?}");
            }
        }
    }
    let tried: BTreeSet<_> = tried.into_iter().map(|(row, ..)| row.to_string()).collect();
    let stated: BTreeSet<_> = limits::all().into_iter().map(|limit| limit.what).collect();
    assert_eq!(stated.difference(&tried).collect::<Vec<_>>(), Vec::<&String>::new(), "rows without a test");
    assert_eq!(tried.difference(&stated).collect::<Vec<_>>(), Vec::<&String>::new(), "tests without a row");
}

/// What is refused is refused with a code that can be looked up.
#[test]
fn each_code_of_the_document_is_explained() {
    let page = fs::read_to_string(built::source("docs/troubleshooting.md")).unwrap();
    let limits = limits::all();
    let is_status = |limit: &&limits::Limit| limit.beyond.starts_with(|first: char| first.is_ascii_digit());
    let codes: Vec<_> = limits.iter().filter(is_status).flat_map(limits::Limit::codes).collect();
    assert!(!codes.is_empty());
    // Other protocols have codes of their own.
    for code in codes.into_iter().filter(|code| code.starts_with(|first: char| first.is_ascii_uppercase())) {
        assert!(page.contains(&format!("`{code}`")), "docs/troubleshooting.md does not explain {code}");
    }
}

/* The jobs of the conformance suite in C. */
#include "fuelcell.h"

#include <assert.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

static int argument_count;
static char **arguments;

static const char *parameter(const char *name) { return fuelcell_parameter(argument_count, arguments, name); }

/* What the job answers: the output that clients show first. */
static FILE *answer(void) {
    struct fuelcell_output output = {.name = "answer.json", .media_type = "application/json", .primary = true};
    FUELCELL_CHECK(fuelcell_output(&output) == FUELCELL_OK, fuelcell_reason());
    FILE *file = fopen("/out/answer.json", "w");
    FUELCELL_CHECK(file != NULL, "The answer cannot be written.");
    return file;
}

static int written(FILE *file) { return fclose(file) == 0 ? 0 : fuelcell_fail("Io", "The answer cannot be written."); }

static FILE *dataset(void) {
    FILE *file = fopen("/in/dataset", "r");
    FUELCELL_CHECK(file != NULL, "There is no input \"dataset\".");
    return file;
}

/* The next line without its end; false at the end of the file. */
static bool next(FILE *file, char *line, size_t capacity) {
    if (fgets(line, (int)capacity, file) == NULL) return false;
    line[strcspn(line, "\n")] = 0;
    return true;
}

static int echo(void) {
    const char *value = parameter("value");
    FILE *file = answer();
    fprintf(file, "{\"value\":%s,\"times\":%lld}", value ? value : "null",
            (long long)fuelcell_parameter_number(argument_count, arguments, "times", 2));
    return written(file);
}

static int rows(void) {
    char line[4096];
    uint64_t total = 0, invalid = 0, kept = 0;
    FILE *from = dataset(), *to = fopen("/out/rows.csv", "w");
    FUELCELL_CHECK(to != NULL, "rows.csv cannot be written.");
    next(from, line, sizeof line);
    while (next(from, line, sizeof line)) {
        char *amount = strchr(line, ','), *end;
        total++;
        if (amount == NULL) {
            invalid++;
            continue;
        }
        *amount++ = 0;
        long number = strtol(amount, &end, 10);
        if (end == amount || *end) {
            invalid++;
        } else if (number > 10) {
            fprintf(to, "%s;%ld\n", line, number);
            kept++;
        }
    }
    fclose(from);
    fclose(to);
    struct fuelcell_output output = {
        .name = "rows.csv", .media_type = "text/csv", .has_record_count = true, .record_count = kept};
    struct fuelcell_finding warning = {"DataQuality", "An amount is no number.", invalid};
    struct fuelcell_report report = {
        .records_processed = total, .has_records_total = true, .records_total = total, .warnings = &warning, .warning_count = 1,
        .has_validation = true, .total = total, .valid = total - invalid, .invalid = invalid};
    FUELCELL_CHECK(fuelcell_output(&output) == FUELCELL_OK, fuelcell_reason());
    FUELCELL_CHECK(fuelcell_report(&report) == FUELCELL_OK, fuelcell_reason());
    FILE *file = answer();
    fprintf(file, "{\"total\":%llu,\"kept\":%llu}", (unsigned long long)total, (unsigned long long)kept);
    return written(file);
}

static int cancel(void) {
    for (uint64_t done = 0;; done++) {
        fuelcell_progress(done, 1000000000, "Waiting");
        if (fuelcell_cancellation() != FUELCELL_GO_ON) return fuelcell_fail("Cancelled", "The job was told to stop.");
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
}

static int checkpoint(void) {
    char kept[64];
    size_t size;
    if (fuelcell_load_checkpoint(kept, sizeof kept, &size) == FUELCELL_OK) {
        FILE *file = answer();
        fprintf(file, "{\"kept\":\"%.*s\"}", (int)size, kept);
        return written(file);
    }
    FUELCELL_CHECK(fuelcell_save_checkpoint("half", 4) == FUELCELL_OK, fuelcell_reason());
    return fuelcell_fail_for_now("Later", "The first attempt gives up.");
}

static int processed(void) {
    char line[4096], fresh[4096] = "";
    FILE *from = dataset();
    next(from, line, sizeof line);
    while (next(from, line, sizeof line)) {
        line[strcspn(line, ",")] = 0;
        if (fuelcell_seen(line) == 0) {
            FUELCELL_CHECK(fuelcell_mark(line) == FUELCELL_OK, fuelcell_reason());
            size_t length = strlen(fresh);
            snprintf(fresh + length, sizeof fresh - length, "%s\"%s\"", length ? "," : "", line);
        }
    }
    fclose(from);
    if (*fresh == 0) return fuelcell_no_items();
    FILE *file = answer();
    fprintf(file, "{\"fresh\":[%s]}", fresh);
    return written(file);
}

static int thrown(void) {
    const char *missing = parameter("value");
    assert(missing != NULL);
    return 0;
}

static int memory(void) {
    for (;;) {
        /* A compiler leaves out memory that nobody looks at. */
        char *volatile piece = malloc(8000000);
        if (piece == NULL) return fuelcell_fail("Memory", "There is no more memory.");
        memset(piece, 'x', 8000000);
    }
}

static int spin(void) {
    /* A loop that does nothing may be left out. */
    for (volatile int turns = 0;; turns++) {
    }
}

static int disk(void) {
    FILE *file = fopen("/out/large.txt", "w");
    FUELCELL_CHECK(file != NULL, "large.txt cannot be written.");
    while (fputs("more\n", file) >= 0) {
    }
    return fuelcell_fail("Io", "large.txt cannot be written.");
}

static int names(void) {
    mkdir("/out/Übersicht", 0777);
    FILE *file = fopen("/out/Übersicht/zwölf ✓ 日本.txt", "w");
    FUELCELL_CHECK(file != NULL, "The file cannot be written.");
    fputs("kept", file);
    fclose(file);
    file = answer();
    fputs("{\"written\":true}", file);
    return written(file);
}

static int stream(void) {
    char line[4096];
    long lines = 0, characters = 0;
    FILE *from = dataset(), *to = fopen("/out/lines.txt", "w");
    FUELCELL_CHECK(to != NULL, "lines.txt cannot be written.");
    while (next(from, line, sizeof line)) {
        lines++;
        for (const char *byte = line; *byte; byte++) characters += (*byte & 0xc0) != 0x80;
        fputs(line, to);
        fputs("!\n", to);
    }
    fclose(from);
    FUELCELL_CHECK(fclose(to) == 0, "lines.txt cannot be written.");
    FILE *file = answer();
    fprintf(file, "{\"lines\":%ld,\"characters\":%ld}", lines, characters);
    return written(file);
}

static int secret(void) {
    char url[512], line[4096], body[4096], kind[64], reasons[2][128];
    const char *const headers[] = {"authorization", "Bearer {{secret:TOKEN}}", NULL};
    snprintf(url, sizeof url, "%s/a?b=1", parameter("url"));
    struct fuelcell_request request = {"POST", url, headers, "{\"x\": 1}", 8};
    struct fuelcell_response response = {.line = line, .line_capacity = sizeof line, .body = body, .capacity = sizeof body};
    FUELCELL_CHECK(fuelcell_http(&request, &response) == FUELCELL_OK, fuelcell_reason());
    FUELCELL_CHECK(response.status != 0, line);
    FUELCELL_CHECK(fuelcell_header(&response, "x-kind", kind, sizeof kind) == FUELCELL_OK, "There is no header.");
    const char *const others[] = {"https://example.com/", "https://fuelcell.invalid/"};
    for (int other = 0; other < 2; other++) {
        struct fuelcell_request asked = {"GET", others[other], NULL, NULL, 0};
        struct fuelcell_response refused = {.line = reasons[other], .line_capacity = sizeof reasons[other]};
        FUELCELL_CHECK(fuelcell_http(&asked, &refused) == FUELCELL_OK, fuelcell_reason());
    }
    uint8_t mac[32];
    /* The host refuses the bytes behind the line, and not the line. */
    FUELCELL_CHECK(fuelcell_hmac("OTHER", "text", 4, mac) == FUELCELL_INVALID, "Another key was there.");
    FUELCELL_CHECK(strstr(fuelcell_reason(), "OTHER") != NULL, "The reason does not name the key.");
    FUELCELL_CHECK(fuelcell_hmac("KEY", "text", 4, mac) == FUELCELL_OK, fuelcell_reason());
    FUELCELL_CHECK(*fuelcell_reason() == 0, fuelcell_reason());
    FILE *file = answer();
    fprintf(file, "{\"status\":%d,\"kind\":\"%s\",\"text\":\"%.*s\",\"refused\":[", response.status, kind, (int)response.size, body);
    for (int other = 0; other < 2; other++) {
        bool denied = strstr(reasons[other], "\"error\":\"HTTP-request-denied\"");
        bool unknown = strstr(reasons[other], "\"error\":\"DNS-error\"");
        fprintf(file, "%s\"%s\"", other ? "," : "", denied ? "HTTP-request-denied" : unknown ? "DNS-error" : "another");
    }
    fputs("],\"mac\":\"", file);
    for (int byte = 0; byte < 32; byte++) fprintf(file, "%02x", mac[byte]);
    fputs("\"}", file);
    return written(file);
}

static int drawn(void) {
    uint64_t number;
    FUELCELL_CHECK(getentropy(&number, sizeof number) == 0, "Nothing random is there.");
    FILE *file = answer();
    fprintf(file, "{\"drawn\":\"%016llx\",\"time\":%lld}", (unsigned long long)number, (long long)time(NULL));
    return written(file);
}

static int failure(void) { return fuelcell_fail("MissingColumn", "Line 3 has no column “case”."); }

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        int (*run)(void);
    } cases[] = {
        {"echo", echo}, {"rows", rows}, {"cancel", cancel}, {"checkpoint", checkpoint}, {"processed", processed},
        {"failure", failure}, {"thrown", thrown}, {"memory", memory}, {"spin", spin},
        {"disk", disk}, {"names", names}, {"stream", stream}, {"secret", secret}, {"drawn", drawn}};
    argument_count = argc;
    arguments = argv;
    const char *chosen = parameter("case");
    FUELCELL_CHECK(fuelcell_log(FUELCELL_INFO, "case", "begins") == FUELCELL_OK, fuelcell_reason());
    for (size_t at = 0; at < sizeof cases / sizeof *cases; at++) {
        if (chosen != NULL && strcmp(chosen, cases[at].name) == 0) return cases[at].run();
    }
    return fuelcell_fail("InvalidParameters", "There is no such case.");
}

/* Jobs of Fuelcell in C: one header, for programs of WASI. It needs no library but libc, and allocates nothing.
 *
 * A job is a program with main. Its parameters are arguments --NAME=VALUE, its inputs lie in /in, and what it leaves in /out
 * becomes its outputs. Everything else it asks for by /dev/fuelcell; docs/programs.md has its lines. Functions return
 * FUELCELL_OK or a negative code; fuelcell_reason() says why the latest call was refused.
 *
 * All texts are UTF-8 and end with a zero byte. One thread calls. */
#ifndef FUELCELL_H
#define FUELCELL_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FUELCELL_API static __attribute__((unused))

enum {
    FUELCELL_OK = 0,
    FUELCELL_INVALID = -1, /* the call itself was wrong */
    FUELCELL_LIMIT = -2,   /* a limit of the job is used up */
    FUELCELL_STORAGE = -3, /* the host could not read or write; another attempt may do */
    FUELCELL_SMALL = -4,   /* the buffer is too small for the answer, which is lost */
    FUELCELL_NONE = -5     /* there is nothing */
};

enum fuelcell_level { FUELCELL_DEBUG, FUELCELL_INFO, FUELCELL_WARN, FUELCELL_ERROR };
enum fuelcell_cancellation { FUELCELL_GO_ON, FUELCELL_CANCELLED, FUELCELL_DEADLINE };

/* What is below the functions: a descriptor, what was read ahead, and why a call was refused. */
static struct {
    int file; /* 0 = not opened yet, which no descriptor of a device is */
    size_t at, end;
    char ahead[512];
    char reason[256];
} fuelcell_state;

/* A line that is being written, in pieces that need no memory for all of it. */
struct fuelcell_line {
    int code;
    size_t length;
    char bytes[256];
};

FUELCELL_API int fuelcell_code(void) {
    return errno == EINVAL ? FUELCELL_INVALID : errno == EDQUOT ? FUELCELL_LIMIT : FUELCELL_STORAGE;
}

FUELCELL_API int fuelcell_write(const void *bytes, size_t length) {
    if (fuelcell_state.file == 0) {
        int file = open("/dev/fuelcell", O_RDWR);
        if (file < 0) return FUELCELL_STORAGE;
        fuelcell_state.file = file;
    }
    for (const char *from = bytes; length > 0;) {
        ssize_t written = write(fuelcell_state.file, from, length);
        if (written < 0) return fuelcell_code();
        from += written;
        length -= (size_t)written;
    }
    return FUELCELL_OK;
}

/* The next byte of an answer; -1 = there is none. */
FUELCELL_API int fuelcell_next(void) {
    if (fuelcell_state.at == fuelcell_state.end) {
        ssize_t count = read(fuelcell_state.file, fuelcell_state.ahead, sizeof fuelcell_state.ahead);
        if (count <= 0) return -1;
        fuelcell_state.at = 0;
        fuelcell_state.end = (size_t)count;
    }
    return (unsigned char)fuelcell_state.ahead[fuelcell_state.at++];
}

/* Reads the line of an answer; what does not fit is left out. */
FUELCELL_API int fuelcell_answer(char *line, size_t capacity) {
    size_t length = 0, all = 0;
    int byte;
    while ((byte = fuelcell_next()) >= 0 && byte != '\n') {
        if (length + 1 < capacity) line[length++] = (char)byte;
        all++;
    }
    line[length] = 0;
    if (byte < 0) return FUELCELL_STORAGE;
    return all > length ? FUELCELL_SMALL : FUELCELL_OK;
}

/* The number behind "name": in a line; -1 = there is none. */
FUELCELL_API int64_t fuelcell_number_in(const char *line, const char *name) {
    const char *at = strstr(line, name);
    if (at == NULL) return -1;
    at += strlen(name);
    if (*at < '0' || *at > '9') return -1;
    int64_t number = 0;
    while (*at >= '0' && *at <= '9') number = number * 10 + (*at++ - '0');
    return number;
}

/* Reads what comes behind the line of an answer. */
FUELCELL_API int fuelcell_take(void *bytes, size_t capacity, size_t *size) {
    for (size_t at = 0; at < *size; at++) {
        int byte = fuelcell_next();
        if (byte < 0) return FUELCELL_STORAGE;
        if (at < capacity) ((char *)bytes)[at] = (char)byte;
    }
    return *size > capacity ? FUELCELL_SMALL : FUELCELL_OK;
}

FUELCELL_API void fuelcell_flush(struct fuelcell_line *line) {
    if (line->code == FUELCELL_OK) line->code = fuelcell_write(line->bytes, line->length);
    line->length = 0;
}

FUELCELL_API void fuelcell_byte(struct fuelcell_line *line, char byte) {
    if (line->length == sizeof line->bytes) fuelcell_flush(line);
    line->bytes[line->length++] = byte;
}

FUELCELL_API void fuelcell_raw(struct fuelcell_line *line, const char *text) {
    while (*text) fuelcell_byte(line, *text++);
}

FUELCELL_API void fuelcell_text(struct fuelcell_line *line, const char *text) {
    fuelcell_byte(line, '"');
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte == '"' || byte == '\\') {
            fuelcell_byte(line, '\\');
        } else if (byte < 0x20) {
            fuelcell_raw(line, "\\u00");
            fuelcell_byte(line, "0123456789abcdef"[byte >> 4]);
            byte = (unsigned char)"0123456789abcdef"[byte & 15];
        }
        fuelcell_byte(line, (char)byte);
    }
    fuelcell_byte(line, '"');
}

/* A whole number as text; printf does it, too, and makes a module 20 kB larger. */
FUELCELL_API const char *fuelcell_digits(char text[21], uint64_t number) {
    char *at = text + 20;
    *at = 0;
    do *--at = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    return at;
}

FUELCELL_API void fuelcell_whole(struct fuelcell_line *line, uint64_t number) {
    char text[21];
    fuelcell_raw(line, fuelcell_digits(text, number));
}

/* A member "name": with a text, where there is one. */
FUELCELL_API void fuelcell_member(struct fuelcell_line *line, const char *before, const char *text) {
    if (text == NULL) return;
    fuelcell_raw(line, before);
    fuelcell_text(line, text);
}

/* Keeps the reason of what was refused: a line, or the bytes behind it. */
FUELCELL_API int fuelcell_told(int code) {
    fuelcell_state.reason[0] = 0;
    if (code != FUELCELL_OK && fuelcell_state.file != 0) {
        fuelcell_write("{\"ask\":\"refusal\"}\n", 18);
        fuelcell_answer(fuelcell_state.reason, sizeof fuelcell_state.reason);
    }
    return code;
}

/* Ends the line, and says whether the host took it. */
FUELCELL_API int fuelcell_sent(struct fuelcell_line *line) {
    fuelcell_byte(line, '\n');
    fuelcell_flush(line);
    return fuelcell_told(line->code);
}

/* Writes the bytes behind a line, and says whether the host took them. */
FUELCELL_API int fuelcell_behind(const void *bytes, size_t size) { return fuelcell_told(fuelcell_write(bytes, size)); }

FUELCELL_API int fuelcell_ask(const char *question, char *answer, size_t capacity) {
    struct fuelcell_line line = {0};
    fuelcell_member(&line, "{\"ask\":", question);
    fuelcell_byte(&line, '}');
    int code = fuelcell_sent(&line);
    return code == FUELCELL_OK ? fuelcell_answer(answer, capacity) : code;
}

/* Why the latest call was refused, as the host's line has it; it may be cut off. */
FUELCELL_API const char *fuelcell_reason(void) { return fuelcell_state.reason; }

/* The value of a parameter: a text as it is, everything else as JSON. NULL = there is none. */
FUELCELL_API const char *fuelcell_parameter(int argc, char **argv, const char *name) {
    size_t length = strlen(name);
    for (int number = 1; number < argc; number++) {
        const char *argument = argv[number];
        if (strncmp(argument, "--", 2) == 0 && strncmp(argument + 2, name, length) == 0 && argument[2 + length] == '=')
            return argument + 3 + length;
    }
    return NULL;
}

/* The same of a whole number; where there is none, `otherwise`. */
FUELCELL_API int64_t fuelcell_parameter_number(int argc, char **argv, const char *name, int64_t otherwise) {
    const char *value = fuelcell_parameter(argc, argv, name);
    return value == NULL ? otherwise : strtoll(value, NULL, 10);
}

/* Tells how far the job is: done of total units. */
FUELCELL_API int fuelcell_progress(uint64_t done, uint64_t total, const char *stage) {
    struct fuelcell_line line = {0};
    fuelcell_raw(&line, "{\"progress\":{\"done\":");
    fuelcell_whole(&line, done);
    fuelcell_raw(&line, ",\"total\":");
    fuelcell_whole(&line, total);
    fuelcell_member(&line, ",\"stage\":", stage);
    fuelcell_raw(&line, "}}");
    return fuelcell_sent(&line);
}

/* Appends a line to the job's log. What is printed is in it, too. */
FUELCELL_API int fuelcell_log(enum fuelcell_level level, const char *stage, const char *message) {
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    struct fuelcell_line line = {0};
    fuelcell_member(&line, "{\"log\":{\"level\":", levels[level]);
    fuelcell_member(&line, ",\"stage\":", stage);
    fuelcell_member(&line, ",\"message\":", message);
    fuelcell_raw(&line, "}}");
    return fuelcell_sent(&line);
}

/* Whether to stop: then save what is needed, and return. */
FUELCELL_API enum fuelcell_cancellation fuelcell_cancellation(void) {
    char answer[64];
    if (fuelcell_ask("cancellation", answer, sizeof answer) != FUELCELL_OK) return FUELCELL_GO_ON;
    if (strstr(answer, "user")) return FUELCELL_CANCELLED;
    return strstr(answer, "deadline") ? FUELCELL_DEADLINE : FUELCELL_GO_ON;
}

/* What a file in /out is; what is left open follows from its name. */
struct fuelcell_output {
    const char *name; /* with / behind each folder */
    const char *kind; /* report, data, model or visualization */
    const char *type;
    const char *title;
    const char *media_type;
    bool primary;        /* the one that clients show first */
    bool failed_records; /* the records that could not be used */
    bool has_record_count;
    uint64_t record_count;
};

/* Says what a file in /out is. The program writes it by itself. */
FUELCELL_API int fuelcell_output(const struct fuelcell_output *output) {
    struct fuelcell_line line = {0};
    fuelcell_member(&line, "{\"output\":{\"name\":", output->name);
    fuelcell_member(&line, ",\"kind\":", output->kind);
    fuelcell_member(&line, ",\"type\":", output->type);
    fuelcell_member(&line, ",\"title\":", output->title);
    fuelcell_member(&line, ",\"mediaType\":", output->media_type);
    if (output->primary) fuelcell_raw(&line, ",\"primary\":true");
    if (output->failed_records) fuelcell_raw(&line, ",\"failedRecords\":true");
    if (output->has_record_count) {
        fuelcell_raw(&line, ",\"recordCount\":");
        fuelcell_whole(&line, output->record_count);
    }
    fuelcell_raw(&line, "}}");
    return fuelcell_sent(&line);
}

/* A message with the number of records that it stands for. */
struct fuelcell_finding {
    const char *type; /* a short stable word, such as DataQuality */
    const char *message;
    uint64_t count;
};

/* What results and metrics of a job show. */
struct fuelcell_report {
    uint64_t records_processed;
    bool has_records_total;
    uint64_t records_total;
    uint64_t errors;
    const struct fuelcell_finding *warnings;
    size_t warning_count;
    const struct fuelcell_finding *processing_errors;
    size_t processing_error_count;
    bool has_validation; /* total = valid + duplicates_removed + invalid */
    uint64_t total, valid, duplicates_removed, invalid;
};

FUELCELL_API void fuelcell_findings(struct fuelcell_line *line, const char *before, const struct fuelcell_finding *findings, size_t count) {
    fuelcell_raw(line, before);
    for (size_t at = 0; at < count; at++) {
        fuelcell_member(line, at == 0 ? "{\"type\":" : ",{\"type\":", findings[at].type);
        fuelcell_member(line, ",\"message\":", findings[at].message);
        fuelcell_raw(line, ",\"count\":");
        fuelcell_whole(line, findings[at].count);
        fuelcell_byte(line, '}');
    }
    fuelcell_byte(line, ']');
}

/* Replaces the figures that clients see. */
FUELCELL_API int fuelcell_report(const struct fuelcell_report *report) {
    struct fuelcell_line line = {0};
    fuelcell_raw(&line, "{\"report\":{\"recordsProcessed\":");
    fuelcell_whole(&line, report->records_processed);
    if (report->has_records_total) {
        fuelcell_raw(&line, ",\"recordsTotal\":");
        fuelcell_whole(&line, report->records_total);
    }
    fuelcell_raw(&line, ",\"errors\":");
    fuelcell_whole(&line, report->errors);
    fuelcell_findings(&line, ",\"warnings\":[", report->warnings, report->warning_count);
    fuelcell_findings(&line, ",\"processingErrors\":[", report->processing_errors, report->processing_error_count);
    if (report->has_validation) {
        fuelcell_raw(&line, ",\"dataValidation\":{\"total\":");
        fuelcell_whole(&line, report->total);
        fuelcell_raw(&line, ",\"valid\":");
        fuelcell_whole(&line, report->valid);
        fuelcell_raw(&line, ",\"duplicatesRemoved\":");
        fuelcell_whole(&line, report->duplicates_removed);
        fuelcell_raw(&line, ",\"invalid\":");
        fuelcell_whole(&line, report->invalid);
        fuelcell_byte(&line, '}');
    }
    fuelcell_raw(&line, "}}");
    return fuelcell_sent(&line);
}

/* Keeps one value that survives hard stops and is there for the next attempt. */
FUELCELL_API int fuelcell_save_checkpoint(const void *bytes, size_t size) {
    struct fuelcell_line line = {0};
    fuelcell_raw(&line, "{\"checkpoint\":{\"bytes\":");
    fuelcell_whole(&line, size);
    fuelcell_raw(&line, "}}");
    int code = fuelcell_sent(&line);
    return code == FUELCELL_OK ? fuelcell_behind(bytes, size) : code;
}

/* Reads what an earlier attempt kept; *size is how much that is. FUELCELL_NONE = nothing. */
FUELCELL_API int fuelcell_load_checkpoint(void *bytes, size_t capacity, size_t *size) {
    char answer[64];
    int code = fuelcell_ask("checkpoint", answer, sizeof answer);
    if (code != FUELCELL_OK) return code;
    int64_t count = fuelcell_number_in(answer, "\"bytes\":");
    *size = count < 0 ? 0 : (size_t)count;
    return count < 0 ? FUELCELL_NONE : fuelcell_take(bytes, capacity, size);
}

FUELCELL_API int fuelcell_key(const char *before, const char *key) {
    struct fuelcell_line line = {0};
    fuelcell_member(&line, before, key);
    fuelcell_raw(&line, "]}");
    return fuelcell_sent(&line);
}

/* Whether an earlier completed job of the same pipeline marked the key: 1 or 0, or a code. */
FUELCELL_API int fuelcell_seen(const char *key) {
    char answer[64];
    int code = fuelcell_key("{\"seen\":[", key);
    if (code == FUELCELL_OK) code = fuelcell_answer(answer, sizeof answer);
    return code == FUELCELL_OK ? strstr(answer, "true") != NULL : code;
}

/* Marks a key. It counts when this job completes. */
FUELCELL_API int fuelcell_mark(const char *key) { return fuelcell_key("{\"mark\":[", key); }

/* HMAC-SHA-256 of a text with a secret of the project, which the job does not see, as the key. */
FUELCELL_API int fuelcell_hmac(const char *secret, const void *text, size_t size, uint8_t mac[32]) {
    struct fuelcell_line line = {0};
    char answer[64];
    size_t count = 32;
    fuelcell_member(&line, "{\"hmac\":{\"secret\":", secret);
    fuelcell_raw(&line, ",\"bytes\":[");
    fuelcell_whole(&line, size);
    fuelcell_raw(&line, "]}}");
    int code = fuelcell_sent(&line);
    if (code == FUELCELL_OK) code = fuelcell_behind(text, size);
    if (code == FUELCELL_OK) code = fuelcell_answer(answer, sizeof answer);
    return code == FUELCELL_OK ? fuelcell_take(mac, 32, &count) : code;
}

/* A request. A header with {{secret:NAME}} carries a secret, which the job does not see. */
struct fuelcell_request {
    const char *method;
    const char *url;
    const char *const *headers; /* name, value, name, value, NULL */
    const void *body;
    size_t size;
};

/* What came back, in buffers of the caller. */
struct fuelcell_response {
    int status;         /* 0 = nobody answered: the line has the reason, such as HTTP-request-denied */
    char *line;         /* the host's line, with status and headers as JSON */
    size_t line_capacity;
    void *body;
    size_t capacity;
    size_t size; /* of the body; what did not fit is left out */
};

/* Sends a request to a host that the job was granted, and waits for the answer: it is sent when that is read. */
FUELCELL_API int fuelcell_http(const struct fuelcell_request *request, struct fuelcell_response *response) {
    struct fuelcell_line line = {0};
    fuelcell_member(&line, "{\"http\":{\"method\":", request->method);
    fuelcell_member(&line, ",\"url\":", request->url);
    fuelcell_raw(&line, ",\"headers\":[");
    for (const char *const *header = request->headers; header != NULL && *header != NULL; header += 2) {
        fuelcell_member(&line, header == request->headers ? "[" : ",[", header[0]);
        fuelcell_member(&line, ",", header[1]);
        fuelcell_byte(&line, ']');
    }
    fuelcell_raw(&line, "],\"bytes\":");
    fuelcell_whole(&line, request->size);
    fuelcell_raw(&line, "}}");
    int code = fuelcell_sent(&line);
    if (code == FUELCELL_OK) code = fuelcell_behind(request->body, request->size);
    if (code != FUELCELL_OK) return code;
    code = fuelcell_answer(response->line, response->line_capacity);
    int64_t status = fuelcell_number_in(response->line, "{\"status\":");
    int64_t size = fuelcell_number_in(response->line, ",\"bytes\":");
    response->status = status < 0 ? 0 : (int)status;
    response->size = size < 0 ? 0 : (size_t)size;
    int taken = fuelcell_take(response->body, response->capacity, &response->size);
    return code == FUELCELL_OK ? taken : code;
}

/* Copies the value of the first header of this name (in small letters) as JSON has it, without the quotes. */
FUELCELL_API int fuelcell_header(const struct fuelcell_response *response, const char *name, char *value, size_t capacity) {
    size_t length = strlen(name), at = 0;
    for (const char *from = response->line; (from = strstr(from, "[\"")) != NULL; from += 2) {
        if (strncmp(from + 2, name, length) != 0 || strncmp(from + 2 + length, "\",\"", 3) != 0) continue;
        for (from += length + 5; *from && *from != '"' && at + 1 < capacity; from++) {
            if (*from == '\\' && from[1] && at + 2 < capacity) value[at++] = *from++;
            value[at++] = *from;
        }
        value[at] = 0;
        return *from == '"' ? FUELCELL_OK : FUELCELL_SMALL;
    }
    return FUELCELL_NONE;
}

FUELCELL_API int fuelcell_failure(const char *code, const char *message, const char *file, int number, bool transient) {
    struct fuelcell_line line = {0};
    fuelcell_member(&line, "{\"failure\":{\"code\":", code);
    fuelcell_member(&line, ",\"message\":", message);
    if (file != NULL) {
        line.length--; /* the quote behind the message */
        fuelcell_raw(&line, " at ");
        fuelcell_raw(&line, file);
        fuelcell_byte(&line, ':');
        fuelcell_whole(&line, (uint64_t)number);
        fuelcell_byte(&line, '"');
    }
    fuelcell_raw(&line, transient ? ",\"transient\":true}}" : "}}");
    fuelcell_sent(&line);
    return 1;
}

/* Says why the job failed; main returns what this returns. */
FUELCELL_API int fuelcell_fail(const char *code, const char *message) {
    return fuelcell_failure(code, message, NULL, 0, false);
}

/* The same of what another attempt may not meet. The host tries again, a few times at most. */
FUELCELL_API int fuelcell_fail_for_now(const char *code, const char *message) {
    return fuelcell_failure(code, message, NULL, 0, true);
}

/* Says that there was nothing new to process; main returns what this returns. */
FUELCELL_API int fuelcell_no_items(void) {
    struct fuelcell_line line = {0};
    fuelcell_raw(&line, "{\"completion\":\"noItems\"}");
    return fuelcell_sent(&line) == FUELCELL_OK ? 0 : 1;
}

/* Says why the job decided not to run; main returns what this returns. */
FUELCELL_API int fuelcell_skip(const char *reason) {
    struct fuelcell_line line = {0};
    fuelcell_member(&line, "{\"completion\":{\"skipped\":", reason);
    fuelcell_raw(&line, "}}");
    return fuelcell_sent(&line) == FUELCELL_OK ? 0 : 1;
}

/* Ends the job as failed where something that must hold does not; the message has file and line. */
#define FUELCELL_CHECK(condition, message)                                              \
    do {                                                                                \
        if (!(condition)) exit(fuelcell_failure("Check", message, __FILE__, __LINE__, false)); \
    } while (0)

#endif

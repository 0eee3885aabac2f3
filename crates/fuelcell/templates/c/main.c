#include "fuelcell.h"

#include <ctype.h>
#include <stdio.h>

int main(int argc, char **argv) {
    int64_t least = fuelcell_parameter_number(argc, argv, "leastLength", 0);
    int input = open("/in/dataset", O_RDONLY);
    if (input < 0) return fuelcell_fail("MissingInput", "There is no input \"dataset\".");
    uint64_t size = (uint64_t)lseek(input, 0, SEEK_END);
    lseek(input, 0, SEEK_SET);

    static char piece[65536];
    uint64_t words = 0, bytes = 0;
    struct fuelcell_report report = {0};
    int64_t length = 0;
    ssize_t count;
    while ((count = read(input, piece, sizeof piece)) > 0) {
        for (ssize_t at = 0; at < count; at++) {
            if (!isspace((unsigned char)piece[at])) {
                length++;
                continue;
            }
            words += length > 0 && length >= least;
            length = 0;
            report.records_processed += piece[at] == '\n';
        }
        bytes += (uint64_t)count;
        fuelcell_progress(bytes, size, "Counting");
        if (fuelcell_cancellation() != FUELCELL_GO_ON) return fuelcell_fail("Cancelled", "The job was told to stop.");
    }
    if (count < 0) return fuelcell_fail_for_now("Io", "The input cannot be read.");
    words += length > 0 && length >= least;
    if (fuelcell_report(&report) != FUELCELL_OK) return fuelcell_fail("Report", fuelcell_reason());

    struct fuelcell_output output = {.name = "count.txt", .type = "WordCount", .title = "Number of words", .primary = true};
    if (fuelcell_output(&output) != FUELCELL_OK) return fuelcell_fail("Output", fuelcell_reason());
    FILE *out = fopen("/out/count.txt", "w");
    FUELCELL_CHECK(out != NULL, "count.txt cannot be written.");
    char digits[21];
    fputs(fuelcell_digits(digits, words), out);
    fputs(" words\n", out);
    return fclose(out) == 0 ? 0 : fuelcell_fail("Io", "count.txt cannot be written.");
}

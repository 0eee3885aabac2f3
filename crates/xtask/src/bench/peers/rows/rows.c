/* Copies the records of a table whose amount is above 10, as the conformance suite's job rows does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int count, char **arguments) {
    char line[4096], *end;
    FILE *from = count == 3 ? fopen(arguments[1], "r") : NULL, *to = count == 3 ? fopen(arguments[2], "w") : NULL;
    if (from == NULL || to == NULL || fgets(line, sizeof line, from) == NULL) return 1;
    while (fgets(line, sizeof line, from) != NULL) {
        line[strcspn(line, "\n")] = 0;
        char *amount = strchr(line, ',');
        if (amount == NULL) continue;
        *amount++ = 0;
        long number = strtol(amount, &end, 10);
        if (end != amount && *end == 0 && number > 10) fprintf(to, "%s;%ld\n", line, number);
    }
    return fclose(to) == 0 ? 0 : 1;
}

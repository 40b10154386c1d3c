#ifndef WEIR_NODE_JSON_NUMBER_H
#define WEIR_NODE_JSON_NUMBER_H
/*
 * JSON bounds no number, simdjson does: 2^64 or 1e999 is an error to it. Agents drop what is
 * refused, so a document with such a number is validated once more with its numbers made small.
 */
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Makes every number outside a string a 0 and spaces, leaving `text` as valid or invalid JSON as it
 * was: a sign stays, and so does all that is not part of a well-formed number. False, and the text
 * is of no further use, if none was beyond 64 bits or a double: then it is not why it was refused.
 */
bool json_shrink_numbers(char *text, size_t len);

#ifdef __cplusplus
}
#endif
#endif

/* commands.h - the commands of the program; main.c holds the table.
 *
 * To add one: a file cmd_NAME.c with its function, a line here, a line in the
 * table. `argv` starts behind the command's name and ends with NULL; the
 * result is the exit code (enum uf_exit).
 */
#ifndef UF_CLI_COMMANDS_H
#define UF_CLI_COMMANDS_H

int uf_cmd_check(char **argv);
int uf_cmd_run(char **argv);
int uf_cmd_snapshot(char **argv);
int uf_cmd_summary(char **argv);
int uf_cmd_tree(char **argv);
int uf_cmd_diff(char **argv);
int uf_cmd_why(char **argv);
int uf_cmd_export(char **argv);

#endif

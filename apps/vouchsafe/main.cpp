// vouchsafe: the command line.
#include "cli/commands.h"

int main(int argc, char** argv) {
    return vouchsafe::cli::main(argc, argv);
}

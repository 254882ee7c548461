#pragma once
/// JKO_API marks what a program may link to. Everything else of the library is hidden, so that neither its names nor
/// its instances of Eigen's templates, which are compiled for another instruction set, can meet those of the program.

#define JKO_API __attribute__((visibility("default")))

#pragma once
/// The two marks that let one source be compiled for a GPU by nvcc and for the host by any C++17 compiler.

#ifdef __CUDACC__
#define JKO_DEVICE __device__             ///< the algorithm: runs where the team runs
#define JKO_ANYWHERE __host__ __device__  ///< layouts: needed by the kernel and by who launches it
#define JKO_UNROLL _Pragma("unroll")      ///< so that small arrays live in registers
#define JKO_UNROLL_4 _Pragma("unroll 4")  ///< so that loads overlap
#else
#define JKO_DEVICE
#define JKO_ANYWHERE
#define JKO_UNROLL
#define JKO_UNROLL_4
#endif
